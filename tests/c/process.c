/* The library leaves a process unchanged: signals, locale, masks, directory,
 * environment, descriptors and threads. */
#define _GNU_SOURCE
#include "host.h"

#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#define SIZE 350000

extern char **environ;

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t strayed;
static pthread_t main_thread;

struct state {
    struct sigaction actions[NSIG];
    sigset_t mask;
    mode_t umask;
    char locale[64];
    char folder[4096];
    int variables;
    int descriptors;
};

static void look(struct state *state) {
    int number;
    memset(state, 0, sizeof *state);
    for (number = 1; number < NSIG; number++)
        sigaction(number, NULL, &state->actions[number]);
    CHECK(!pthread_sigmask(SIG_SETMASK, NULL, &state->mask));
    state->umask = umask(0);
    umask(state->umask);
    snprintf(state->locale, sizeof state->locale, "%s",
             setlocale(LC_ALL, NULL));
    CHECK(getcwd(state->folder, sizeof state->folder) != NULL);
    while (environ[state->variables] != NULL)
        state->variables++;
    state->descriptors = count_descriptors();
}

static void compare(const struct state *before) {
    struct state now;
    int number;
    look(&now);
    for (number = 1; number < NSIG; number++) {
        const struct sigaction *was = &before->actions[number];
        const struct sigaction *is = &now.actions[number];
        CHECK(is->sa_handler == was->sa_handler);
        CHECK(is->sa_flags == was->sa_flags);
        CHECK(sigismember(&now.mask, number) ==
              sigismember(&before->mask, number));
    }
    CHECK(now.umask == before->umask);
    CHECK_TEXT(now.locale, before->locale);
    CHECK_TEXT(now.folder, before->folder);
    CHECK(now.variables == before->variables);
    CHECK(now.descriptors == before->descriptors);
    check_threads(1);
}

/* The signal mask of a thread, from the kernel. */
static unsigned long long blocked(const char *thread) {
    char path[300], line[256];
    unsigned long long mask = 0;
    FILE *file;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
    file = fopen(path, "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "SigBlk:", 7) == 0)
            mask = strtoull(line + 7, NULL, 16);
    }
    fclose(file);
    return mask;
}

/*
 * No signal handler of the host can run on a thread of the library. Valgrind
 * changes the signal masks itself.
 */
static void check_masks_of_threads(void) {
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int seen = 0, number;
    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        unsigned long long mask;
        if (entry->d_name[0] == '.' || atol(entry->d_name) == getpid())
            continue;
        mask = blocked(entry->d_name);
        for (number = 1; number < 32; number++) {
            if (number != SIGKILL && number != SIGSTOP && !is_slow())
                CHECK(mask >> (number - 1) & 1);
        }
        seen++;
    }
    closedir(folder);
    CHECK(seen >= 4);
}

static void put(const ossmpu_client *client, const ossmpu_options *options,
                const char *key) {
    unsigned char *data = some_bytes(SIZE);
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, key, data, SIZE, options, NULL,
                                 &result, &err),
                 err);
    check_object(client, key, SIZE, result);
    ossmpu_result_free(result);
    free(data);
}

static void on_alarm(int number) {
    (void)number;
    interrupted++;
    if (!pthread_equal(pthread_self(), main_thread))
        strayed = 1;
}

/* A signal each millisecond interrupts system calls without harm. */
static void check_interruptions(const ossmpu_client *client,
                                const ossmpu_options *options) {
    struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    interrupted = 0;
    CHECK(!setitimer(ITIMER_REAL, &often, NULL));
    while (interrupted < 50)
        put(client, options, "interrupted");
    CHECK(!setitimer(ITIMER_REAL, &never, NULL));
    CHECK(!strayed);
}

static void use(const char *path, const ossmpu_options *options) {
    ossmpu_client *client = new_client();
    ossmpu_cancel *cancel = ossmpu_cancel_new();
    ossmpu_writer *writer = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    /* No threads before the first upload that needs one. */
    CHECK(count_threads() == 1);
    put(client, NULL, "at-once");
    CHECK(count_threads() == 1);
    put(client, options, "in-parts");
    check_masks_of_threads();
    check_interruptions(client, options);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_file(client, BUCKET, "file", path, options, cancel,
                                 &result, &err),
                 err);
    ossmpu_result_free(result);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_writer_open(client, BUCKET, "written", options, cancel,
                                    &writer, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_write(writer, "x", 1, &err), err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_finish(writer, NULL, &err), err);
    ossmpu_writer_free(writer);
    ossmpu_cancel_free(cancel);
    ossmpu_client_free(client);
}

/* Resolving a host name needs one more thread, which exits when it is done. */
static void use_name(const ossmpu_options *options) {
    const char *port = strrchr(getenv("OSS_ENDPOINT"), ':');
    ossmpu_client *client;
    CHECK(port != NULL);
    client = client_of("http", "localhost", atoi(port + 1), 5);
    /* Those of the client before this one have been joined. */
    check_threads(1);
    put(client, NULL, "by-name");
    check_threads(1);
    put(client, options, "by-name");
    check_masks_of_threads();
    ossmpu_client_free(client);
}

int main(int argc, char **argv) {
    struct state before;
    ossmpu_options *options = in_parts();
    struct sigaction action;
    sigset_t some;
    int i;
    CHECK(argc == 3);
    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm;
    main_thread = pthread_self();
    CHECK(!sigaction(SIGALRM, &action, NULL));
    CHECK(setlocale(LC_ALL, "C.UTF-8") != NULL);
    sigemptyset(&some);
    sigaddset(&some, SIGUSR2);
    CHECK(!pthread_sigmask(SIG_BLOCK, &some, NULL));
    umask(027);
    look(&before);
    for (i = 0; i < 3; i++) {
        use(argv[1], options);
        use_name(options);
        compare(&before);
    }
    ossmpu_options_free(options);
    return 0;
}
