#include "server/confine/filter.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "protocol/err.h"
#include "protocol/sanitize.h"
#include "server/config/config_value.h"

#define IOPRIO_WHO_PROCESS 1 /* the C library has no header for it */
#define NOT_PERMITTED SCMP_ACT_ERRNO(EPERM)
#define NEW_NAMESPACES                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)
#ifdef __s390__
#define FLAGS_ARGUMENT 1 /* of clone */
#else
#define FLAGS_ARGUMENT 0
#endif
#ifdef UNDER_ASAN
#define THREAD_FLAGS (CLONE_THREAD | CLONE_UNTRACED) /* as LeakSanitizer's */
#else
#define THREAD_FLAGS CLONE_THREAD
#endif

struct names {
	const char *const *
		names; /* of system calls, up to a NULL; those that the kernel hasn't are passed over */
	unsigned unless; /* ALLOW_BIT */
};

/* No plugin has any business with these. */
static const char *const administration[] = {
	"mount",           "umount",        "umount2",
	"pivot_root",      "chroot",        "fsopen",
	"fsconfig",        "fsmount",       "fspick",
	"move_mount",      "open_tree",     "open_tree_attr",
	"mount_setattr",   "init_module",   "finit_module",
	"delete_module",   "kexec_load",    "kexec_file_load",
	"reboot",          "swapon",        "swapoff",
	"setns",           "unshare",       "bpf",
	"perf_event_open", "userfaultfd",   "keyctl",
	"add_key",         "request_key",   "acct",
	"quotactl",        "quotactl_fd",   "syslog",
	"vhangup",         "sethostname",   "setdomainname",
	"settimeofday",    "clock_settime", "clock_adjtime",
	"adjtimex",        "stime",         "iopl",
	"ioperm",          "personality",   "open_by_handle_at",
	"fanotify_init",   "nfsservctl",    "lookup_dcookie",
	"migrate_pages",   "move_pages",    NULL};
/* Their operations are system calls that no filter sees. */
static const char *const around_filters[] = {"io_uring_setup", "io_uring_enter",
					     "io_uring_register", NULL};
static const char *const forks[] = {"fork", "vfork", NULL};
static const char *const execs[] = {"execve", "execveat", NULL};
static const char *const signals[] = {"tkill", "pidfd_send_signal", NULL};
/* Those that begin with the process that is meant. */
static const char *const signals_to[] = {"kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
					 NULL};
static const char *const traces[] = {"process_vm_readv",
				     "process_vm_writev",
				     "process_madvise",
				     "process_mrelease",
				     "pidfd_getfd",
				     "kcmp",
				     NULL};
/* What is about the own process has 0 there. */
static const char *const limits_of[] = {"prlimit64", "sched_setparam", "sched_setattr",
					"sched_setaffinity", NULL};
/* Of files: neither a folder's rules (Landlock) nor an open descriptor are asked for these. */
static const char *const attributes[] = {"chmod",        "fchmod",
					 "fchmodat",     "fchmodat2",
					 "chown",        "lchown",
					 "fchown",       "fchownat",
					 "chown32",      "lchown32",
					 "fchown32",     "utime",
					 "utimes",       "futimesat",
					 "utimensat",    "utimensat_time64",
					 "setxattr",     "lsetxattr",
					 "fsetxattr",    "setxattrat",
					 "removexattr",  "lremovexattr",
					 "fremovexattr", "removexattrat",
					 "file_setattr", NULL};
/* Memory that is nobody's resident memory, or stays when its maker is gone. */
static const char *const shared_memory[] = {"memfd_create", "memfd_secret", "shmget", NULL};

/* What the library, which is older, may not know by name. New calls have the same distances everywhere. */
static const struct {
	const char *name;
	int after; /* landlock_create_ruleset */
} recent[] = {
	{"fchmodat2", 8},       {"setxattrat", 19},   {"removexattrat", 22},
	{"open_tree_attr", 23}, {"file_setattr", 25},
};

static const struct names refused[] = {
	{administration, 0},
	{around_filters, 0},
	{forks, ALLOW_BIT(ALLOW_fork)},
	{execs, ALLOW_BIT(ALLOW_exec)},
	{signals, ALLOW_BIT(ALLOW_signal)},
	{traces, ALLOW_BIT(ALLOW_trace)},
	{attributes, ALLOW_BIT(ALLOW_attributes)},
	{shared_memory, ALLOW_BIT(ALLOW_shared_memory)},
};

struct filter {
	scmp_filter_ctx context;
	unsigned allowed;
	int rc; /* of the first rule that could not be added; negative errno */
};

/* On arguments, all of which must hold. */
struct condition {
	const struct scmp_arg_cmp *args;
	unsigned count;
};

static int number_of(const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	for (size_t i = 0; number == __NR_SCMP_ERROR && i < sizeof(recent) / sizeof(recent[0]); i++)
		if (strcmp(recent[i].name, name) == 0)
			number = SYS_landlock_create_ruleset + recent[i].after;
	return number;
}

/* A system call that this machine has not needs no rule. */
static void refuse_if(struct filter *f, uint32_t action, const char *name,
		      const struct condition *condition)
{
	int number = number_of(name);
	int rc;

	if (number == __NR_SCMP_ERROR || f->rc != 0)
		return;
	rc = seccomp_rule_add_array(f->context, action, number, condition->count, condition->args);
	if (rc != 0 && rc != -EDOM)
		f->rc = rc;
}

static void refuse(struct filter *f, uint32_t action, const char *name,
		   const struct scmp_arg_cmp *arg)
{
	refuse_if(f, action, name, &(struct condition){arg, arg != NULL ? 1 : 0});
}

static void refuse_all(struct filter *f, const char *const *names)
{
	for (; *names != NULL; names++)
		refuse(f, NOT_PERMITTED, *names, NULL);
}

/* Where the first argument is another process. Groups and "all" are negative. */
static void refuse_others(struct filter *f, const char *const *names)
{
	const struct scmp_arg_cmp other = {
		.arg = 0, .op = SCMP_CMP_NE, .datum_a = (uint32_t)getpid()};

	for (; *names != NULL; names++)
		refuse(f, NOT_PERMITTED, *names, &other);
}

static void refuse_unless(struct filter *f, const char *name, unsigned argument, uint32_t value)
{
	const struct scmp_arg_cmp other = {.arg = argument, .op = SCMP_CMP_NE, .datum_a = value};

	refuse(f, NOT_PERMITTED, name, &other);
}

/* What is about the own process, and neither its group nor its user, has 0 there. */
static void refuse_priorities(struct filter *f)
{
	refuse_unless(f, "setpriority", 0, PRIO_PROCESS);
	refuse_unless(f, "setpriority", 1, 0);
	refuse_unless(f, "ioprio_set", 0, IOPRIO_WHO_PROCESS);
	refuse_unless(f, "ioprio_set", 1, 0);
}

/* ZeroMQ has each of its threads, which it names, keep the policy that it has, and ends the process where that is not
 * permitted: the ordinary policy may be set, which gives nobody anything. */
static void refuse_policies(struct filter *f, bool other_only)
{
	const struct scmp_arg_cmp other[] = {
		{.arg = 0, .op = SCMP_CMP_NE},
		{.arg = 1, .op = SCMP_CMP_NE, .datum_a = SCHED_OTHER},
	};

	refuse_if(f, NOT_PERMITTED, "sched_setscheduler",
		  &(struct condition){other, other_only ? 2 : 1});
}

/* The kernel looks at 32 bits of these arguments, and a plugin can set the others. */
static void refuse_value(struct filter *f, const char *name, unsigned argument, uint32_t value)
{
	const struct scmp_arg_cmp is = {
		.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = UINT32_MAX, .datum_b = value};

	refuse(f, NOT_PERMITTED, name, &is);
}

/* All bits of `mask` are as in `value`. */
static void refuse_bits(struct filter *f, const char *name, unsigned argument,
			const uint32_t mask_and_value[2])
{
	const struct scmp_arg_cmp has = {.arg = argument,
					 .op = SCMP_CMP_MASKED_EQ,
					 .datum_a = mask_and_value[0],
					 .datum_b = mask_and_value[1]};

	refuse(f, NOT_PERMITTED, name, &has);
}

/* Flags, as chattr sets them. */
static void refuse_flags(struct filter *f)
{
	refuse_value(f, "ioctl", 1, (uint32_t)FS_IOC_SETFLAGS);
	refuse_value(f, "ioctl", 1, (uint32_t)FS_IOC32_SETFLAGS);
	refuse_value(f, "ioctl", 1, (uint32_t)FS_IOC_FSSETXATTR);
}

static void refuse_shared_pages(struct filter *f)
{
	static const uint32_t both[2] = {MAP_SHARED | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS};

	refuse_bits(f, "mmap", 3, both);
	refuse_bits(f, "mmap2", 3, both);
}

/* For a Landlock that has no right for it. Who opens for reading can have a file made empty as well, and so can who opens
 * for neither reading nor writing, which Landlock doesn't look at; the flags of openat2 are in memory, and all go on
 * without it. */
static void refuse_truncate(struct filter *f)
{
	static const uint32_t ways[][2] = {{O_TRUNC | O_ACCMODE, O_TRUNC | O_RDONLY},
					   {O_TRUNC | O_ACCMODE, O_TRUNC | O_ACCMODE}};

	refuse(f, NOT_PERMITTED, "truncate", NULL);
	refuse(f, NOT_PERMITTED, "truncate64", NULL);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		refuse_bits(f, "open", 1, ways[i]);
		refuse_bits(f, "openat", 2, ways[i]);
	}
	refuse(f, SCMP_ACT_ERRNO(ENOSYS), "openat2", NULL);
}

/* Threads are made by the same call. clone3 has its flags in memory, where no filter can look: the C library
 * makes do without it. */
static void refuse_clone(struct filter *f)
{
	const struct scmp_arg_cmp process = {
		.arg = FLAGS_ARGUMENT, .op = SCMP_CMP_MASKED_EQ, .datum_a = THREAD_FLAGS};

	refuse(f, SCMP_ACT_ERRNO(ENOSYS), "clone3", NULL);
	if (!(f->allowed & ALLOW_BIT(ALLOW_fork)))
		refuse(f, NOT_PERMITTED, "clone", &process);
	for (uint64_t flag = 1; flag <= NEW_NAMESPACES; flag <<= 1) {
		const struct scmp_arg_cmp has = {.arg = FLAGS_ARGUMENT,
						 .op = SCMP_CMP_MASKED_EQ,
						 .datum_a = flag,
						 .datum_b = flag};

		if (flag & NEW_NAMESPACES)
			refuse(f, NOT_PERMITTED, "clone", &has);
	}
}

/* A descriptor's owner gets signals, of any number, which the kernel sends. */
static void refuse_owners(struct filter *f)
{
	refuse_value(f, "fcntl", 1, F_SETOWN);
	refuse_value(f, "fcntl", 1, F_SETOWN_EX);
	refuse_value(f, "ioctl", 1, FIOSETOWN);
	refuse_value(f, "ioctl", 1, SIOCSPGRP);
}

/* LeakSanitizer looks at the process from one that it makes, at the end: builds with it let that pass. */
static void refuse_trace(struct filter *f)
{
#ifdef UNDER_ASAN
	refuse_value(f, "ptrace", 0, PTRACE_TRACEME);
	refuse_value(f, "ptrace", 0, PTRACE_SEIZE);
#else
	refuse(f, NOT_PERMITTED, "ptrace", NULL);
#endif
}

/* Names of sockets without a file (abstract) belong to the network, and are in memory; so no name can be taken at all, but
 * the one that the kernel makes up, which datagrams are answered to. ZeroMQ's socket needs one. */
static void refuse_network(struct filter *f, bool zeromq)
{
	const struct scmp_arg_cmp other = {.arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX};
	const struct scmp_arg_cmp named = {
		.arg = 2, .op = SCMP_CMP_NE, .datum_a = sizeof(sa_family_t)};

	refuse(f, NOT_PERMITTED, "socket", &other);
	if (!zeromq)
		refuse(f, NOT_PERMITTED, "bind", &named);
}

static void add_rules(struct filter *f, const struct filter_options *options)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (!(f->allowed & refused[i].unless))
			refuse_all(f, refused[i].names);
	refuse_clone(f);
	for (const char *const *name = limits_of; *name != NULL; name++)
		refuse_unless(f, *name, 0, 0);
	refuse_policies(f, options->zeromq);
	refuse_priorities(f);
	refuse_value(f, "ioctl", 1, TIOCSTI);
	if (!(f->allowed & ALLOW_BIT(ALLOW_attributes)))
		refuse_flags(f);
	if (!(f->allowed & ALLOW_BIT(ALLOW_shared_memory)))
		refuse_shared_pages(f);
	if (options->no_truncate)
		refuse_truncate(f);
	if (!(f->allowed & ALLOW_BIT(ALLOW_signal))) {
		refuse_others(f, signals_to);
		refuse_owners(f);
	}
	if (!(f->allowed & ALLOW_BIT(ALLOW_trace)))
		refuse_trace(f);
	if (!options->network)
		refuse_network(f, options->zeromq);
}

bool filter_is_known(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

int filter_install(const struct filter_options *options, struct err *err)
{
	struct filter f = {.context = seccomp_init(SCMP_ACT_ALLOW), .allowed = options->allowed};

	if (f.context == NULL)
		return err_set(err, E_NOMEM, "no memory for a filter of system calls");
	f.rc = seccomp_attr_set(f.context, SCMP_FLTATR_CTL_TSYNC, 1);
	if (f.rc == 0)
		f.rc = seccomp_attr_set(f.context, SCMP_FLTATR_CTL_NNP, options->no_new_privs);
	if (f.rc == 0)
		add_rules(&f, options);
	if (f.rc == 0)
		f.rc = seccomp_load(f.context);
	seccomp_release(f.context);
	if (f.rc == 0)
		return 0;
	return err_set(err, E_UNSUPPORTED,
		       "can't filter system calls: %s; seccomp = off does without it",
		       strerror(-f.rc));
}

int filter_parse_allow(const char *names, unsigned *ret, struct err *err)
{
	static const char *const known[] = {
#define ALLOW(name, doc) #name,
#include "server/confine/allow.def"
	};
	const char *name;
	unsigned allowed = 0;
	size_t n;

	while (names != NULL && value_next_item(&names, &name, &n)) {
		size_t i = 0;

		while (i < ALLOW_COUNT && (strlen(known[i]) != n || memcmp(known[i], name, n) != 0))
			i++;
		if (i == ALLOW_COUNT)
			return err_set(err, E_CONF,
				       "\"%.*s\" is nothing that can be allowed: fork, exec, "
				       "signal, trace, attributes or shared_memory",
				       (int)n, name);
		allowed |= ALLOW_BIT(i);
	}
	*ret = allowed;
	return 0;
}
