/* The library works in a program that has closed descriptors 0, 1 and 2, and
 * never has a connection or a file there. The program closes the descriptors of
 * the library, and all waits end. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define SIZE 1600000

/* A copy of the standard error of this program. */
static int report;

#define SEE(condition)                                                         \
    do {                                                                       \
        if (!(condition)) {                                                    \
            dprintf(report, "%d: not true: %s, errno %d\n", __LINE__,          \
                    #condition, errno);                                        \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

/* A new descriptor is there until its thread has moved it; one that is not
 * moved stays. */
static void check_free(void) {
    int64_t start = now_ms();
    int fd;
    for (fd = 0; fd < 3; fd++) {
        while (fcntl(fd, F_GETFD) != -1 && now_ms() - start < 5000)
            sched_yield();
        SEE(fcntl(fd, F_GETFD) == -1 && errno == EBADF);
    }
}

static int look_at_progress(void *user, const ossmpu_progress *progress) {
    (void)progress;
    (void)user;
    check_free();
    return 0;
}

static void look_at_log(void *user, int level, const char *line) {
    (void)level;
    (void)line;
    (void)user;
    check_free();
}

static ossmpu_client *client_at(const char *endpoint, const char *credentials) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *client = NULL;
    SEE(!ossmpu_config_set_env(config));
    SEE(!ossmpu_config_set_str(config, OSSMPU_CONFIG_ENDPOINT, endpoint));
    SEE(!ossmpu_config_set_int(config, OSSMPU_CONFIG_ADDRESSING, 1));
    SEE(!ossmpu_config_set_int(config, OSSMPU_CONFIG_MAX_ATTEMPTS, 1));
    SEE(!ossmpu_config_set_log_fn(config, OSSMPU_LOG_DEBUG, look_at_log, NULL,
                                  NULL));
    if (credentials != NULL)
        SEE(!ossmpu_config_set_str(config, OSSMPU_CONFIG_CREDENTIALS,
                                   credentials));
    SEE(!ossmpu_client_new(config, &client, NULL));
    ossmpu_config_free(config);
    return client;
}

static void put_all(ossmpu_client *client, const char *path,
                    const char *folder) {
    ossmpu_options *options = in_parts();
    ossmpu_cancel *cancel = ossmpu_cancel_new();
    ossmpu_writer *writer = NULL;
    unsigned char *data = some_bytes(SIZE);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    SEE(file == 0 && dup2(file, 50) == 50 && !close(file));
    SEE(!ossmpu_options_set_progress(options, look_at_progress, NULL));
    SEE(!ossmpu_put_data(client, BUCKET, "small", data, 10, NULL, cancel, NULL,
                         NULL));
    SEE(!ossmpu_put_data(client, BUCKET, "large", data, SIZE, options, cancel,
                         NULL, NULL));
    SEE(!ossmpu_put_fd(client, BUCKET, "fd", 50, 0, -1, options, cancel, NULL,
                       NULL));
    SEE(!close(50));
    SEE(!ossmpu_writer_open(client, BUCKET, "written", options, cancel, &writer,
                            NULL));
    SEE(!ossmpu_writer_write(writer, data, SIZE, NULL));
    SEE(!ossmpu_writer_finish(writer, NULL, NULL));
    ossmpu_writer_free(writer);
    SEE(!ossmpu_options_set_str(options, OSSMPU_OPTION_CHECKPOINT_DIR, folder));
    SEE(!ossmpu_put_file(client, BUCKET, "file", path, options, cancel, NULL,
                         NULL));
    ossmpu_options_free(options);
    ossmpu_cancel_free(cancel);
    free(data);
    check_free();
}

/* By address, by name, and with the keys of a command. */
static int run_without_standard_descriptors(const char *path) {
    const char *endpoint = getenv("OSS_ENDPOINT");
    char name[64], command[400], folder[300];
    ossmpu_client *client;
    SEE(endpoint != NULL && strrchr(endpoint, ':') != NULL);
    snprintf(name, sizeof name, "http://localhost%s", strrchr(endpoint, ':'));
    snprintf(command, sizeof command,
             "process:printf '{\"AccessKeyId\":\"%s\",\"AccessKeySecret\":"
             "\"%s\"}'",
             getenv("OSS_ACCESS_KEY_ID"), getenv("OSS_ACCESS_KEY_SECRET"));
    snprintf(folder, sizeof folder, "%s.checkpoints", path);
    SEE(!mkdir(folder, 0700) || errno == EEXIST);
    SEE(!close(0) && !close(1) && !close(2));
    client = client_at(endpoint, NULL);
    put_all(client, path, folder);
    ossmpu_client_free(client);
    client = client_at(name, command);
    put_all(client, path, folder);
    ossmpu_client_free(client);
    SEE(!rmdir(folder));
    return 0;
}

#define WORKERS 4
#define SLOW_PART 1048576
/* The last bytes of a part, which count as sent when its request ends. */
#define LAST_BYTES 114688

struct slow_call {
    ossmpu_client *client;
    ossmpu_cancel *cancel;
    int status;
    int64_t os_errno;
};

static int64_t bytes_sent;

static int see_bytes_sent(void *user, const ossmpu_progress *progress) {
    (void)user;
    __atomic_store_n(&bytes_sent, progress->bytes_sent, __ATOMIC_SEQ_CST);
    return 0;
}

static void *put_slowly(void *user) {
    struct slow_call *call = user;
    ossmpu_options *options = in_parts();
    ossmpu_error *err = NULL;
    size_t size = WORKERS * SLOW_PART;
    unsigned char *data = some_bytes(size);
    SEE(!ossmpu_options_set_int(options, OSSMPU_OPTION_PARALLELISM, WORKERS));
    SEE(!ossmpu_options_set_int(options, OSSMPU_OPTION_PART_SIZE, SLOW_PART));
    SEE(!ossmpu_options_set_progress(options, see_bytes_sent, NULL));
    call->status = ossmpu_put_data(call->client, BUCKET, SLOW_KEY, data, size,
                                   options, call->cancel, NULL, &err);
    call->os_errno = ossmpu_error_int(err, OSSMPU_ERRINFO_OS_ERRNO);
    ossmpu_error_free(err);
    ossmpu_options_free(options);
    free(data);
    return NULL;
}

/* All descriptors are closed while every worker waits for a response. */
static int close_all(int cancels) {
    struct slow_call call = {NULL, NULL, 0, 0};
    ossmpu_config *config = ossmpu_config_new();
    pthread_t thread;
    int64_t begun = now_ms(), start;
    SEE(!ossmpu_config_set_env(config));
    SEE(!ossmpu_config_set_int(config, OSSMPU_CONFIG_ABORT_TIMEOUT_MS, 2000));
    SEE(!ossmpu_client_new(config, &call.client, NULL));
    ossmpu_config_free(config);
    call.cancel = ossmpu_cancel_new();
    SEE(!pthread_create(&thread, NULL, put_slowly, &call));
    while (__atomic_load_n(&bytes_sent, __ATOMIC_SEQ_CST) <
           WORKERS * (SLOW_PART - LAST_BYTES))
        usleep(1000);
    /* The workers send the last steps, and wait. */
    usleep(300000);
    start = now_ms();
    SEE(start - begun < 20000);
    SEE(syscall(SYS_close_range, 3, ~0U, 0) == 0);
    if (cancels)
        ossmpu_cancel_trigger(call.cancel);
    SEE(!pthread_join(thread, NULL));
    SEE(now_ms() - start < 25000);
    SEE(call.status == (cancels ? OSSMPU_ECANCELED : OSSMPU_EFILE));
    SEE(cancels || call.os_errno == EBADF);
    ossmpu_client_free(call.client);
    ossmpu_cancel_free(call.cancel);
    return 0;
}

static int close_all_and_wait(const char *path) {
    (void)path;
    report = dup2(report, 2);
    return close_all(0);
}

static int close_all_and_cancel(const char *path) {
    (void)path;
    report = dup2(report, 2);
    return close_all(1);
}

/* A filter refuses two system calls. */
static int refuse(unsigned first, unsigned second, int want) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    ossmpu_client *client = new_client();
    ossmpu_error *err = NULL;
    SEE(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SEE(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
    SEE(ossmpu_put_data(client, BUCKET, "refused", "x", 1, NULL, NULL, NULL,
                        &err) == want);
    SEE(ossmpu_error_int(err, OSSMPU_ERRINFO_OS_ERRNO) == EPERM);
    SEE(strstr(ossmpu_error_message(err), "EPERM") != NULL ||
        strstr(ossmpu_error_str(err, OSSMPU_ERRINFO_CAUSE), "EPERM") != NULL);
    ossmpu_error_free(err);
    ossmpu_client_free(client);
    return 0;
}

static int refuse_poll(const char *path) {
    (void)path;
#ifdef SYS_poll
    return refuse(SYS_poll, SYS_poll, OSSMPU_EUNSUPPORTED);
#else
    return refuse(SYS_ppoll, SYS_ppoll, OSSMPU_EUNSUPPORTED);
#endif
}

/* No response is waited for. */
static int refuse_sending(const char *path) {
    (void)path;
    return refuse(SYS_sendto, SYS_sendmsg, OSSMPU_ENETWORK);
}

/* In a process of its own. */
static void check_run(int (*run)(const char *), const char *path) {
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        report = fcntl(2, F_DUPFD, 200);
        CHECK(report >= 0);
        /* Without the checks at exit, which use the descriptors. */
        _exit(run(path));
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    /* Valgrind keeps descriptors of its own. */
    if (is_slow())
        return 0;
    check_run(run_without_standard_descriptors, argv[1]);
    check_run(close_all_and_wait, argv[1]);
    check_run(close_all_and_cancel, argv[1]);
    check_run(refuse_poll, argv[1]);
    check_run(refuse_sending, argv[1]);
    return 0;
}
