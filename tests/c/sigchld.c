/* A command provides the keys whatever the program does with its children. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void reap(int number) {
    int error = errno;
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    errno = error;
}

static int done;

static void *reap_always(void *user) {
    while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST)) {
        if (waitpid(-1, NULL, 0) < 0)
            sched_yield();
    }
    return user;
}

struct written {
    const char *file;
    ossmpu_cancel *cancel;
};

static void *cancel_when_written(void *user) {
    const struct written *written = user;
    int64_t start = now_ms();
    while (access(written->file, F_OK) != 0 && now_ms() - start < 50000)
        usleep(1000);
    ossmpu_cancel_trigger(written->cancel);
    return NULL;
}

/* Cancels the call when the file is there, if one is given. */
static int put(const char *credentials, const char *file) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_cancel *cancel = ossmpu_cancel_new();
    ossmpu_client *client = NULL;
    struct written written = {file, cancel};
    pthread_t canceler;
    int status;
    CHECK(!ossmpu_config_set_env(config));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_CREDENTIALS,
                                 credentials));
    CHECK(!ossmpu_client_new(config, &client, NULL));
    ossmpu_config_free(config);
    if (file != NULL)
        CHECK(!pthread_create(&canceler, NULL, cancel_when_written, &written));
    status = ossmpu_put_data(client, BUCKET, "key", "x", 1, NULL, cancel, NULL,
                             NULL);
    if (file != NULL)
        CHECK(!pthread_join(canceler, NULL));
    ossmpu_client_free(client);
    ossmpu_cancel_free(cancel);
    return status;
}

static void put_often(const char *file) {
    const char *id = getenv("OSS_ACCESS_KEY_ID");
    const char *secret = getenv("OSS_ACCESS_KEY_SECRET");
    char good[400], slow[500], pid[32] = "";
    int i;
    int64_t start;
    FILE *opened;
    snprintf(good, sizeof good,
             "process:sh -c 'echo {\\\"AccessKeyId\\\":\\\"%s\\\","
             "\\\"AccessKeySecret\\\":\\\"%s\\\"}'",
             id, secret);
    for (i = 0; i < rounds(10); i++)
        CHECK(put(good, NULL) == OSSMPU_OK);
    /* Its output is closed before it ends. */
    snprintf(slow, sizeof slow, "%.*s; exec >&-; sleep 0.1'",
             (int)strlen(good) - 1, good);
    CHECK(put(slow, NULL) == OSSMPU_OK);
    CHECK(put("process:sh -c 'echo {'", NULL) == OSSMPU_ECREDENTIALS);
    /* A canceled command is killed with its children. */
    snprintf(slow, sizeof slow,
             "process:sh -c 'sleep 600 & echo $! > %s.new; mv %s.new %s; wait'",
             file, file, file);
    CHECK(put(slow, file) == OSSMPU_ECANCELED);
    opened = fopen(file, "r");
    CHECK(opened != NULL && fgets(pid, sizeof pid, opened) != NULL);
    fclose(opened);
    CHECK(!remove(file));
    start = now_ms();
    while (kill((pid_t)atol(pid), 0) == 0) {
        CHECK(now_ms() - start < 10000);
        sched_yield();
    }
}

int main(int argc, char **argv) {
    struct sigaction action;
    char file[300];
    pthread_t thread;
    CHECK(argc == 3);
    snprintf(file, sizeof file, "%s.pid", argv[1]);
    put_often(file);
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_IGN;
    CHECK(!sigaction(SIGCHLD, &action, NULL));
    put_often(file);
    action.sa_handler = SIG_DFL;
    action.sa_flags = SA_NOCLDWAIT;
    CHECK(!sigaction(SIGCHLD, &action, NULL));
    put_often(file);
    action.sa_handler = reap;
    action.sa_flags = SA_RESTART;
    CHECK(!sigaction(SIGCHLD, &action, NULL));
    put_often(file);
    action.sa_handler = SIG_DFL;
    action.sa_flags = 0;
    CHECK(!sigaction(SIGCHLD, &action, NULL));
    CHECK(!pthread_create(&thread, NULL, reap_always, NULL));
    put_often(file);
    __atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
    CHECK(!pthread_join(thread, NULL));
    return 0;
}
