/* The worker threads take over nothing from the thread that starts them, a
 * client works with the threads that can be started, and a process whose
 * threads have all ended but those of the library can be ended by a signal. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define SIZE 1600000
/* Another one in each process: the limit counts all threads of a user. */
#define UNUSED_USER (30000 + (int)(getpid() % 30000))

static volatile sig_atomic_t handled;
static void on_signal(int number) {
    (void)number;
    handled = 1;
}

static int put(const ossmpu_client *client, const char *key,
               ossmpu_error **err) {
    unsigned char *data = some_bytes(SIZE);
    ossmpu_options *options = in_parts();
    int status;
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_PARALLELISM, 16));
    status = ossmpu_put_data(client, BUCKET, key, data, SIZE, options, NULL,
                             NULL, err);
    ossmpu_options_free(options);
    free(data);
    return status;
}

static void put_well(const ossmpu_client *client, const char *key) {
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK, put(client, key, &err), err);
}

/* Calls a function for the ID of each thread but the main thread. */
static int each_worker(void (*look)(pid_t)) {
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;
    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        char path[300], name[32] = "";
        FILE *file;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        file = fopen(path, "r");
        if (file == NULL)
            continue;
        if (fgets(name, sizeof name, file) == NULL)
            name[0] = '\0';
        fclose(file);
        if (strncmp(name, "ossmpu-", 7) != 0)
            continue;
        look((pid_t)atol(entry->d_name));
        count++;
    }
    closedir(folder);
    return count;
}

static cpu_set_t cpus_of_process;

static int is_ordinary(pid_t thread) {
    cpu_set_t cpus;
    return sched_getscheduler(thread) == SCHED_OTHER &&
           !sched_getaffinity(thread, sizeof cpus, &cpus) &&
           CPU_EQUAL(&cpus, &cpus_of_process) &&
           getpriority(PRIO_PROCESS, (id_t)thread) ==
               getpriority(PRIO_PROCESS, (id_t)getpid());
}

/* A thread has its name a moment before its scheduling. */
static void check_scheduling(pid_t thread) {
    int64_t start = now_ms();
    while (!is_ordinary(thread)) {
        CHECK(now_ms() - start < 8000);
        sched_yield();
    }
}

/* A thread that was started has its name when it has run. Idle ones end after
 * ten seconds. */
static void wait_for_workers(int want, void (*look)(pid_t)) {
    int64_t start = now_ms();
    while (each_worker(look) < want) {
        CHECK(now_ms() - start < 8000);
        sched_yield();
    }
}

/* The thread of the first upload is bound to one CPU and, where that is
 * permitted, has a real-time class. */
static void *put_bound(void *user) {
    struct sched_param parameters;
    cpu_set_t one;
    int cpu = 0;
    while (!CPU_ISSET(cpu, &cpus_of_process))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    CHECK(!sched_setaffinity(0, sizeof one, &one));
    memset(&parameters, 0, sizeof parameters);
    parameters.sched_priority = 1;
    if (sched_setscheduler(0, SCHED_FIFO, &parameters) != 0) {
        parameters.sched_priority = 0;
        CHECK(!sched_setscheduler(0, SCHED_BATCH, &parameters));
    }
    put_well(user, "bound");
    return NULL;
}

static void check_inheritance(void) {
    ossmpu_client *client = new_client();
    pthread_t thread;
    CHECK(!sched_getaffinity(0, sizeof cpus_of_process, &cpus_of_process));
    CHECK(!pthread_create(&thread, NULL, put_bound, client));
    CHECK(!pthread_join(thread, NULL));
    wait_for_workers(4, check_scheduling);
    ossmpu_client_free(client);
}

static void ignore(pid_t thread) { (void)thread; }

static void set_limit(rlim_t threads) {
    struct rlimit limit;
    CHECK(!getrlimit(RLIMIT_NPROC, &limit));
    limit.rlim_cur = threads < limit.rlim_max ? threads : limit.rlim_max;
    CHECK(!setrlimit(RLIMIT_NPROC, &limit));
}

static void *nothing(void *user) { return user; }

/* The limit with which no thread can be started, if this user runs nothing
 * else. */
static rlim_t lowest_limit(void) {
    pthread_t thread;
    rlim_t limit = 0;
    do
        set_limit(++limit);
    while (pthread_create(&thread, NULL, nothing, NULL) != 0);
    CHECK(!pthread_join(thread, NULL));
    return limit - 1;
}

/* Run by a user without other processes. */
static int run_with_few_threads(void) {
    ossmpu_client *client = new_client();
    ossmpu_error *err = NULL;
    rlim_t none = lowest_limit();
    set_limit(none);
    CHECK(put(client, "no-thread", &err) == OSSMPU_ENOMEM);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_OS_ERRNO) == EAGAIN);
    CHECK(strstr(ossmpu_error_message(err), "thread") != NULL);
    ossmpu_error_free(err);
    set_limit(none + 3);
    put_well(client, "three-threads");
    wait_for_workers(3, ignore);
    CHECK(each_worker(ignore) == 3);
    /* Those that were missing are started when they can be. */
    set_limit(none + 50);
    put_well(client, "all-threads");
    wait_for_workers(4, ignore);
    ossmpu_client_free(client);
    return 0;
}

static void *wait_for_main(void *user) {
    ossmpu_client *client = new_client();
    char name[64], state = 0;
    pthread_join(*(pthread_t *)user, NULL);
    snprintf(name, sizeof name, "/proc/self/task/%d/stat", (int)getpid());
    while (state != 'Z') {
        FILE *file = fopen(name, "r");
        CHECK(file != NULL);
        CHECK(fscanf(file, "%*d (%*[^)]) %c", &state) == 1);
        fclose(file);
    }
    put_well(client, "orphaned");
    CHECK(write(STDOUT_FILENO, "x", 1) == 1);
    /* The client is not freed. */
    return NULL;
}

/* All threads of the program end, and those of the library do not. */
static int leave(void) {
    static pthread_t main_thread;
    pthread_t thread;
    main_thread = pthread_self();
    CHECK(!pthread_create(&thread, NULL, wait_for_main, &main_thread));
    CHECK(!pthread_detach(thread));
    pthread_exit(NULL);
}

/* Signals stay pending while the program has a thread that may wait for them,
 * and no handler runs on a worker. */
static int wait_for_signals(void) {
    ossmpu_client *client = new_client();
    struct timespec long_enough = {2, 500000000};
    struct sigaction action;
    sigset_t both, pending;
    int number = 0;
    put_well(client, "waiting");
    CHECK(!sigemptyset(&both));
    CHECK(!sigaddset(&both, SIGTERM));
    CHECK(!sigaddset(&both, SIGUSR1));
    CHECK(!pthread_sigmask(SIG_BLOCK, &both, NULL));
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    CHECK(!sigaction(SIGUSR1, &action, NULL));
    CHECK(!kill(getpid(), SIGTERM) && !kill(getpid(), SIGUSR1));
    /* Longer than the interval at which workers look. */
    while (nanosleep(&long_enough, &long_enough) != 0)
        CHECK(errno == EINTR);
    CHECK(!sigpending(&pending));
    CHECK(sigismember(&pending, SIGTERM) && sigismember(&pending, SIGUSR1));
    CHECK(!handled);
    CHECK(!sigwait(&both, &number) && !sigwait(&both, &number));
    ossmpu_client_free(client);
    return 0;
}

/* Runs a function in a process of its own, before this one uses the library. */
static pid_t start(int (*run)(void), int *output, int user) {
    int ends[2];
    pid_t child;
    CHECK(!pipe(ends));
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
        CHECK(!close(ends[0]) && !close(ends[1]));
        CHECK(user == 0 || (!setgid((gid_t)user) && !setuid((uid_t)user)));
        /* For the leak sanitizer. */
        CHECK(!prctl(PR_SET_DUMPABLE, 1));
        exit(run());
    }
    CHECK(!close(ends[1]));
    *output = ends[0];
    return child;
}

static int end_of(pid_t child) {
    int status;
    while (waitpid(child, &status, 0) != child)
        CHECK(errno == EINTR);
    return status;
}

static void check_orphans(void) {
    const int deadly[] = {SIGTERM, SIGINT, SIGUSR1, SIGRTMIN + 3};
    size_t i;
    for (i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        int output, status;
        char byte;
        pid_t child = start(leave, &output, 0);
        CHECK(read(output, &byte, 1) == 1);
        CHECK(!kill(child, deadly[i]));
        status = end_of(child);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == deadly[i]);
        close(output);
    }
}

static void check_run(int (*run)(void), int user) {
    int output;
    CHECK(end_of(start(run, &output, user)) == 0);
    CHECK(!close(output));
}

int main(void) {
    /* Valgrind has signal masks and threads of its own. */
    if (!is_slow()) {
        check_run(wait_for_signals, 0);
        check_orphans();
        /* The limit does not apply to root. */
        check_run(run_with_few_threads, geteuid() == 0 ? UNUSED_USER : 0);
    }
    check_inheritance();
    return 0;
}
