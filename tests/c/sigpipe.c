/* A thousand connections are reset while the library writes to them. The
 * signal SIGPIPE has its default disposition and would end the process. */
#define _GNU_SOURCE
#include "host.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#define RESETS rounds(1000)
/* More than the buffers of a connection hold: with a whole request sent, the
 * library would try to determine the outcome. */
#define SIZE (32 * 1024 * 1024)

static int port;

/* Reads a few bytes, then resets the connection. Every second time it shuts its
 * own side down first: then the next write of the peer fails with EPIPE, not
 * only the one after that. */
static void *reset(void *user) {
    int listener = *(int *)user;
    int i;
    for (i = 0;; i++) {
        struct linger at_once = {1, 0};
        char some[64];
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        CHECK(recv(fd, some, sizeof some, 0) > 0);
        if (i % 2 == 0)
            CHECK(!shutdown(fd, SHUT_WR));
        CHECK(!setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
        CHECK(!close(fd));
    }
}

/* A plain write to the same server raises the signal. */
static void check_plain_write(const void *data) {
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        int fd = connect_to(port, 0);
        while (write(fd, data, SIZE) != 0) {
        }
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}

static void check_put(int want, const ossmpu_client *client,
                      const ossmpu_options *in_one_request, const void *data) {
    ossmpu_error *err = NULL;
    CHECK_STATUS(want,
                 ossmpu_put_data(client, BUCKET, "reset", data, SIZE,
                                 in_one_request, NULL, NULL, &err),
                 err);
}

int main(void) {
    struct sigaction action;
    unsigned char *data = some_bytes(SIZE);
    int listener = listen_on_loopback(16, &port), i;
    ossmpu_client *plain = client_of("http", "127.0.0.1", port, 1);
    ossmpu_client *tls = client_of("https", "127.0.0.1", port, 1);
    ossmpu_options *options = ossmpu_options_new();
    pthread_t server;
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_SINGLE_BELOW,
                                  SIZE + 1));
    CHECK(!pthread_create(&server, NULL, reset, &listener));
    check_plain_write(data);
    for (i = 0; i < RESETS; i++) {
        if (i % 8 == 7)
            check_put(OSSMPU_ECONNECT, tls, options, data);
        else
            check_put(OSSMPU_ENETWORK, plain, options, data);
    }
    CHECK(!shutdown(listener, SHUT_RDWR));
    CHECK(!pthread_join(server, NULL));
    CHECK(!sigaction(SIGPIPE, NULL, &action));
    CHECK(action.sa_handler == SIG_DFL);
    ossmpu_options_free(options);
    ossmpu_client_free(plain);
    ossmpu_client_free(tls);
    close(listener);
    free(data);
    return 0;
}
