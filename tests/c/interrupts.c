/* Cancellation in each phase of a request, from a thread and from a signal
 * handler: the call returns at once. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

#define ROUNDS (is_slow() ? 3 : 10)

#define SIZE (7 * 1024 * 1024)

/* What a call waits for. Without a socket: the resolver or the next attempt. */
enum wait { FOR_NO_SOCKET, FOR_CONNECTION, FOR_ROOM, FOR_RESPONSE };

static ossmpu_cancel *token;
static volatile int64_t triggered_ms;
static unsigned char *data;

/* Milliseconds from the trigger to the return of each call. */

/* Posted when the calling thread is about to wait for what is expected. */
static sem_t reached;
static pthread_t caller;
static enum wait awaited;
static volatile int is_awaited;

static pthread_mutex_t looking = PTHREAD_MUTEX_INITIALIZER;

/* The slow resolver: it returns when `looking` can be locked. */
int getaddrinfo(const char *host, const char *service,
                const struct addrinfo *hints, struct addrinfo **out) {
    (void)host;
    (void)service;
    (void)hints;
    (void)out;
    CHECK(!pthread_mutex_lock(&looking));
    CHECK(!pthread_mutex_unlock(&looking));
    return EAI_AGAIN;
}

/* The first descriptor is not one of the token, unless there is no other. */
static enum wait wait_of(const struct pollfd *first) {
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    if (!getpeername(first->fd, (struct sockaddr *)&peer, &length))
        return first->events & POLLOUT ? FOR_ROOM : FOR_RESPONSE;
    return errno == ENOTCONN ? FOR_CONNECTION : FOR_NO_SOCKET;
}

/* Replaces the function that the library waits with. Descriptors that are ready
 * do not block it, such as a socket that has just been connected. */
int poll(struct pollfd *fds, nfds_t count, int timeout_ms) {
    const struct timespec at_once = {0, 0};
    struct timespec timeout;
    timeout.tv_sec = timeout_ms / 1000;
    timeout.tv_nsec = timeout_ms % 1000 * 1000000;
    if (is_awaited && pthread_equal(pthread_self(), caller) &&
        wait_of(fds) == awaited && ppoll(fds, count, &at_once, NULL) == 0) {
        is_awaited = 0;
        CHECK(!sem_post(&reached));
    }
    return ppoll(fds, count, timeout_ms < 0 ? NULL : &timeout, NULL);
}

static void on_alarm(int number) {
    (void)number;
    triggered_ms = now_ms();
    ossmpu_cancel_trigger(token);
}

/* Triggers the token when the call is in its phase, directly or by a signal.
 * Only the calling thread can receive the signal. */
static void *trigger(void *by_signal) {
    /* Usually enough for the wait to begin; nothing depends on it. */
    const struct timespec moment = {0, 5 * 1000 * 1000};
    CHECK(!sem_wait(&reached));
    nanosleep(&moment, NULL);
    if (by_signal != NULL)
        CHECK(!kill(getpid(), SIGALRM));
    else
        on_alarm(0);
    return NULL;
}

static pthread_t start_trigger(int by_signal) {
    pthread_t thread;
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    CHECK(!pthread_sigmask(SIG_BLOCK, &alarm_only, NULL));
    CHECK(!pthread_create(&thread, NULL, trigger, by_signal ? &token : NULL));
    CHECK(!pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL));
    return thread;
}

/* Returns after how long the call has ended. */
static int64_t check_call(const ossmpu_client *client, size_t size,
                          enum wait wait, const char *phase, int by_signal) {
    ossmpu_error *err = NULL;
    pthread_t thread;
    int64_t lag;
    token = ossmpu_cancel_new();
    awaited = wait;
    is_awaited = 1;
    thread = start_trigger(by_signal);
    CHECK(ossmpu_put_data(client, BUCKET, "interrupted", data, size, NULL,
                          token, NULL, &err) == OSSMPU_ECANCELED);
    lag = now_ms() - triggered_ms;
    CHECK(!pthread_join(thread, NULL));
    CHECK(phase == NULL ||
          strcmp(ossmpu_error_str(err, OSSMPU_ERRINFO_PHASE), phase) == 0);
    ossmpu_error_free(err);
    ossmpu_cancel_free(token);
    return lag;
}

/* Frees the client. On a busy machine some calls may take longer than 50 ms, but
 * not all. */
static void check_phase(ossmpu_client *client, size_t size, enum wait wait,
                        const char *phase) {
    int64_t shortest[2] = {INT64_MAX, INT64_MAX};
    int i, by_signal;
    for (i = 0; i < ROUNDS; i++) {
        for (by_signal = 0; by_signal < 2; by_signal++) {
            int64_t lag = check_call(client, size, wait, phase, by_signal);
            if (lag < shortest[by_signal])
                shortest[by_signal] = lag;
        }
    }
    CHECK(shortest[0] < 50 && shortest[1] < 50);
    ossmpu_client_free(client);
}

/* No name is resolved while the lock is held. */
static void check_resolve(void) {
    CHECK(!pthread_mutex_lock(&looking));
    check_phase(client_of("http", "slow.invalid", 80, 5), 1, FOR_NO_SOCKET,
                "resolve");
    CHECK(!pthread_mutex_unlock(&looking));
    /* The abandoned thread ends with the resolver. */
    check_threads(1);
}

/* With a full backlog the kernel completes no more connections. */
static void check_connect(void) {
    int port, i, waiting[3];
    int listener = listen_on_loopback(0, &port);
    for (i = 0; i < 3; i++)
        waiting[i] = connect_to(port, SOCK_NONBLOCK);
    check_phase(client_of("http", "127.0.0.1", port, 5), 1, FOR_CONNECTION,
                "connect");
    for (i = 0; i < 3; i++)
        close(waiting[i]);
    close(listener);
}

/* The kernel accepts the connection and fills its buffers; no one reads. */
static void check_transfer(void) {
    int port, listener = listen_on_loopback(1000, &port);
    check_phase(client_of("http", "127.0.0.1", port, 5), SIZE, FOR_ROOM,
                "send");
    check_phase(client_of("http", "127.0.0.1", port, 5), 1, FOR_RESPONSE,
                "wait");
    close(listener);
}

/* Connections are refused at once, so the call waits in the back-off between
 * attempts. */
static void check_back_off(void) {
    int port, refusing = bind_to_loopback(&port);
    check_phase(client_of("http", "127.0.0.1", port, 100), 1, FOR_NO_SOCKET,
                NULL);
    close(refusing);
}

int main(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm;
    CHECK(!sigaction(SIGALRM, &action, NULL));
    CHECK(!sem_init(&reached, 0, 0));
    caller = pthread_self();
    data = some_bytes(SIZE);
    check_resolve();
    check_connect();
    check_transfer();
    check_back_off();
    free(data);
    return 0;
}
