#include "server/confine/privileges.h"
#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "protocol/err.h"

#define BIT(capability) ((uint64_t)1 << (capability))

/* With these root opens files and ports as it is used to, and can do nothing to other processes, nor to whom a file
 * belongs. */
#define KEPT (BIT(CAP_DAC_OVERRIDE) | BIT(CAP_NET_BIND_SERVICE))

static int keep_capabilities(uint64_t kept)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) != 0)
		return -1;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted &= (uint32_t)(kept >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return (int)syscall(SYS_capset, &header, data);
}

/* Those that the kernel does not know are refused, and so are all to who isn't root: they have none. */
static void narrow_bounds(uint64_t kept)
{
	for (unsigned i = 0; i < 64; i++)
		if (!(kept & BIT(i)))
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

int privileges_drop(struct err *err)
{
	narrow_bounds(KEPT);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
		return err_set(err, E_UNSUPPORTED, "can't drop capabilities: %s", strerror(errno));
	if (keep_capabilities(KEPT) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_set(err, E_UNSUPPORTED, "can't give up rights (no_new_privs): %s",
			       strerror(errno));
	return 0;
}

void privileges_gain_none(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void privileges_show(bool visible)
{
	prctl(PR_SET_DUMPABLE, visible ? 1 : 0, 0, 0, 0);
}

void privileges_forbid_cores(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
}
