// What Swift's Glibc overlay does not offer: variadic, macro-only or GNU-only calls.
#ifndef CPOSIX_H
#define CPOSIX_H

#include <stdint.h>
#include <sys/types.h>

/// A new eventfd (non-blocking, close-on-exec), or -1 with errno set.
int cposix_eventfd(void);

/// Names the calling thread, at most 15 characters.
void cposix_set_thread_name(const char *name);

/// Gives up root for good: supplementary groups, group and user. 0, or the errno of the step that failed.
int cposix_become_user(const char *name, uid_t uid, gid_t gid);

/// Starts a program in a session of its own with its output appended to a log file and, when uid is not 0, as that
/// user. Descriptors other than 0, 1 and 2 are closed. Returns the process id, or -1 with errno set.
pid_t cposix_spawn(const char *const argv[], const char *const envp[], const char *log_path, uid_t uid,
                   gid_t gid);

/// The exit state of a child without waiting: 1 ended (status filled), 0 still running, -1 no such child.
int cposix_try_wait(pid_t pid, int *status);

/// CPU time that this process has used, in nanoseconds.
int64_t cposix_process_cpu_nanoseconds(void);

#endif
