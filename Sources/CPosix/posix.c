#define _GNU_SOURCE
#include "CPosix.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int cposix_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

void cposix_set_thread_name(const char *name) { (void)pthread_setname_np(pthread_self(), name); }

int cposix_become_user(const char *name, uid_t uid, gid_t gid) {
    if (initgroups(name, gid) != 0) return errno;
    if (setgid(gid) != 0) return errno;
    if (setuid(uid) != 0) return errno;
    // Proof that there is no way back.
    if (uid != 0 && setuid(0) == 0) return EPERM;
    return 0;
}

pid_t cposix_spawn(const char *const argv[], const char *const envp[], const char *log_path, uid_t uid,
                   gid_t gid) {
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) return -1;
    // As root the log belongs to the user that writes it.
    if (uid != 0 && fchown(log, uid, gid) != 0) {
        int saved = errno;
        close(log);
        errno = saved;
        return -1;
    }
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) {
        int saved = errno;
        close(log);
        errno = saved;
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        // Only async-signal-safe calls from here on: no initgroups, the groups are cut to the user's own one.
        int failure = 0;
        setsid();
        int null = open("/dev/null", O_RDONLY);
        if (null >= 0) dup2(null, 0);
        dup2(log, 1);
        dup2(log, 2);
        if (uid != 0 && geteuid() == 0) {
            if (setgroups(1, &gid) != 0 || setgid(gid) != 0 || setuid(uid) != 0) failure = errno;
        }
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
        if (failure == 0) {
            close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
            execve(argv[0], (char *const *)argv, (char *const *)envp);
            failure = errno;
        }
        ssize_t ignored = write(report[1], &failure, sizeof failure);
        (void)ignored;
        _exit(127);
    }
    int saved = errno;
    close(log);
    close(report[1]);
    if (pid < 0) {
        close(report[0]);
        errno = saved;
        return -1;
    }
    int failure = 0;
    ssize_t count;
    do {
        count = read(report[0], &failure, sizeof failure);
    } while (count < 0 && errno == EINTR);
    close(report[0]);
    if (count == (ssize_t)sizeof failure) {
        waitpid(pid, NULL, 0);
        errno = failure;
        return -1;
    }
    return pid;
}

int cposix_try_wait(pid_t pid, int *status) {
    pid_t got;
    do {
        got = waitpid(pid, status, WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got == pid) return 1;
    return got == 0 ? 0 : -1;
}

int64_t cposix_process_cpu_nanoseconds(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0) return 0;
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
