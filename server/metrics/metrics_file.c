#include "server/metrics/metrics_file.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "protocol/err.h"

static size_t size_of(size_t plugins)
{
	return plugins * sizeof(struct metrics_plugin);
}

int metrics_file_create(size_t plugins, int *ret_fd, struct err *err)
{
	int fd = memfd_create("metrics", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && ftruncate(fd, (off_t)size_of(plugins)) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
		*ret_fd = fd;
		return 0;
	}
	err_set(err, E_IO, "no memory for metrics: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -E_IO;
}

int metrics_file_map(int fd, size_t plugins, struct metrics_plugin **ret_metrics, struct err *err)
{
	struct stat st;
	void *at = MAP_FAILED;
	int rc = 0;

	if (fstat(fd, &st) != 0 || (size_t)st.st_size != size_of(plugins))
		rc = err_set(err, E_MALFORMED, "the memory for metrics is of another size");
	else
		at = mmap(NULL, size_of(plugins), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (rc == 0 && at == MAP_FAILED)
		rc = err_set(err, E_IO, "no memory for metrics: %s", strerror(errno));
	close(fd);
	if (rc == 0)
		*ret_metrics = at;
	return rc;
}

void metrics_file_unmap(struct metrics_plugin *metrics, size_t plugins)
{
	if (metrics != NULL)
		munmap(metrics, size_of(plugins));
}

int metrics_file_add(int fd, size_t plugin, struct metrics_plugin *to)
{
	struct metrics_plugin have;
	char *bytes = (char *)&have;
	size_t done = 0;

	while (done < sizeof(have)) {
		ssize_t n = pread(fd, bytes + done, sizeof(have) - done,
				  (off_t)(size_of(plugin) + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -E_IO;
		done += (size_t)n;
	}
	metrics_add(to, &have);
	return 0;
}
