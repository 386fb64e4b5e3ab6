/* Shared by the C tests of a host process: its descriptors, and a peer. */
#ifndef HOST_H
#define HOST_H

#include "check.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline int64_t now_ms(void) {
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int count_entries(const char *path) {
    DIR *folder = opendir(path);
    int count = 0;
    CHECK(folder != NULL);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count - 2;
}

/* Without the descriptor of the listing itself. */
static inline int count_descriptors(void) {
    return count_entries("/proc/self/fd") - 1;
}

static inline int count_threads(void) {
    return count_entries("/proc/self/task");
}

/* The kernel lists a thread for a moment after it was joined. */
static inline void check_threads(int want) {
    int64_t start = now_ms();
    while (count_threads() != want) {
        CHECK(now_ms() - start < 10000);
        sched_yield();
    }
}

/* A socket that keeps a port of the loopback address without listening, so that
 * connections to the port are refused, and its port. */
static inline int bind_to_loopback(int *port) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0), little = 4096;
    CHECK(fd >= 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little));
    CHECK(!bind(fd, (struct sockaddr *)&address, length));
    CHECK(!getsockname(fd, (struct sockaddr *)&address, &length));
    *port = ntohs(address.sin_port);
    return fd;
}

/* A listening socket with a small receive buffer, and its port. */
static inline int listen_on_loopback(int backlog, int *port) {
    int fd = bind_to_loopback(port);
    CHECK(!listen(fd, backlog));
    return fd;
}

/* A connection to a port of this machine, made later if it cannot be made at
 * once. */
static inline int connect_to(int port, int flags) {
    struct sockaddr_in address;
    int fd = socket(AF_INET, SOCK_STREAM | flags, 0), status;
    CHECK(fd >= 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    status = connect(fd, (struct sockaddr *)&address, sizeof address);
    CHECK(status == 0 || flags != 0);
    return fd;
}

/* A client of another server, with that many attempts. */
static inline ossmpu_client *client_of(const char *scheme, const char *host,
                                       int port, int attempts) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    char url[64];
    snprintf(url, sizeof url, "%s://%s:%d", scheme, host, port);
    CHECK(!ossmpu_config_set_env(config));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_ENDPOINT, url));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_ADDRESSING, 1));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_MAX_ATTEMPTS, attempts));
    CHECK_STATUS(OSSMPU_OK, ossmpu_client_new(config, &client, &err), err);
    ossmpu_config_free(config);
    return client;
}

#endif /* HOST_H */
