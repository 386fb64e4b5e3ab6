/* The library reads the environment only when THE RULES say so, and in a program
 * that runs with more rights than its user, never. Its texts are English in any
 * locale. */
#define _GNU_SOURCE
#include "host.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SIZE 700000
#define OTHER_USER 64123

static int watched;
static char names[4096];

/* Notes the names that are asked for. These functions stand before those of the
 * C library. */
static void note(const char *name) {
    if (__atomic_load_n(&watched, __ATOMIC_SEQ_CST) &&
        strlen(names) + strlen(name) + 2 < sizeof names) {
        strcat(names, name);
        strcat(names, " ");
    }
}

static char *find(const char *name) {
    extern char **environ;
    size_t length = strlen(name);
    char **variable;
    for (variable = environ; *variable != NULL; variable++)
        if (strncmp(*variable, name, length) == 0 && (*variable)[length] == '=')
            return *variable + length + 1;
    return NULL;
}

char *getenv(const char *name) {
    note(name);
    return find(name);
}

char *secure_getenv(const char *name) {
    note(name);
    return find(name);
}

/* The text of an error in another language and encoding. */
int __xpg_strerror_r(int number, char *buffer, size_t length) {
    snprintf(buffer, length, "\xb4\xed\xce\xf3 %d", number);
    return 0;
}

const char *gai_strerror(int number) {
    (void)number;
    return "\xb4\xed\xce\xf3";
}

static void watch(void) {
    names[0] = 0;
    __atomic_store_n(&watched, 1, __ATOMIC_SEQ_CST);
}

static void check_read(const char *expected) {
    __atomic_store_n(&watched, 0, __ATOMIC_SEQ_CST);
    if (strcmp(names, expected) != 0)
        fprintf(stderr, "read: %s\n", names);
    CHECK_TEXT(names, expected);
}

static ossmpu_client *keys_client(const char *endpoint) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *client = NULL;
    const char *id = find("OSS_ACCESS_KEY_ID");
    const char *secret = find("OSS_ACCESS_KEY_SECRET");
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_REGION, "cn-hangzhou"));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_ENDPOINT, endpoint));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_ADDRESSING, 1));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_MAX_ATTEMPTS, 1));
    CHECK(!ossmpu_config_set_keys(config, id, secret, NULL));
    CHECK(!ossmpu_client_new(config, &client, NULL));
    ossmpu_config_free(config);
    return client;
}

static void check_nothing_is_read(const char *path) {
    ossmpu_options *options = in_parts();
    ossmpu_writer *writer = NULL;
    unsigned char *data = some_bytes(SIZE);
    ossmpu_client *client;
    watch();
    client = keys_client(find("OSS_ENDPOINT"));
    CHECK(!ossmpu_put_data(client, BUCKET, "read", data, SIZE, options, NULL,
                           NULL, NULL));
    CHECK(!ossmpu_put_data(client, BUCKET, "read", data, 1, NULL, NULL, NULL,
                           NULL));
    CHECK(!ossmpu_put_file(client, BUCKET, "read", path, options, NULL, NULL,
                           NULL));
    CHECK(!ossmpu_writer_open(client, BUCKET, "read", options, NULL, &writer,
                              NULL));
    CHECK(!ossmpu_writer_write(writer, data, SIZE, NULL));
    CHECK(!ossmpu_writer_finish(writer, NULL, NULL));
    ossmpu_writer_free(writer);
    ossmpu_client_free(client);
    check_read("");
    ossmpu_options_free(options);
    free(data);
}

static void check_what_is_read(void) {
    ossmpu_config *config = ossmpu_config_new();
    watch();
    CHECK(!ossmpu_config_set_env(config));
    __atomic_store_n(&watched, 0, __ATOMIC_SEQ_CST);
    CHECK(strstr(names, "OSS_ENDPOINT") != NULL);
    CHECK(strstr(names, "PROXY") == NULL && strstr(names, "HOME") == NULL);
    ossmpu_config_free(config);
}

/* The message and the cause of a call that fails. */
static void check_english(const char *endpoint, const char *expected,
                          const char *name) {
    ossmpu_client *client = keys_client(endpoint);
    ossmpu_error *err = NULL;
    const char *cause;
    CHECK(ossmpu_put_data(client, BUCKET, "key", "x", 1, NULL, NULL, NULL,
                          &err) < 0);
    cause = ossmpu_error_str(err, OSSMPU_ERRINFO_CAUSE);
    CHECK(strstr(cause, expected) != NULL && strstr(cause, name) != NULL);
    CHECK(strchr(ossmpu_error_message(err), '\xb4') == NULL);
    ossmpu_error_free(err);
    ossmpu_client_free(client);
}

static void check_texts(void) {
    char endpoint[64];
    ossmpu_client *client;
    ossmpu_error *err = NULL;
    int port, fd = bind_to_loopback(&port);
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", port);
    check_english(endpoint, "refused", "ECONNREFUSED");
    CHECK(!close(fd));
    check_english("http://name.invalid", "", "EAI_");
    client = keys_client(find("OSS_ENDPOINT"));
    CHECK(ossmpu_put_file(client, BUCKET, "key", "/nonexistent", NULL, NULL,
                          NULL, &err) == OSSMPU_EFILE);
    CHECK(strstr(ossmpu_error_message(err), "ENOENT") != NULL);
    CHECK(strchr(ossmpu_error_message(err), '\xb4') == NULL);
    ossmpu_error_free(err);
    ossmpu_client_free(client);
}

static void refuse(const char *credentials) {
    ossmpu_config *config = ossmpu_config_new();
    CHECK(ossmpu_config_set_str(config, OSSMPU_CONFIG_CREDENTIALS,
                                credentials) < 0);
    ossmpu_config_free(config);
}

static void check_message(const ossmpu_error *err, const char *expected) {
    const char *message = ossmpu_error_message(err);
    const char *cause = ossmpu_error_str(err, OSSMPU_ERRINFO_CAUSE);
    if (strstr(message, expected) == NULL && strstr(cause, expected) == NULL)
        fprintf(stderr, "%s; cause: %s\n", message, cause);
    CHECK(strstr(message, expected) != NULL || strstr(cause, expected) != NULL);
}

/* The files that the user names for certificates are not read: then the call
 * would fail before it finds that the server does not speak TLS. */
static void check_certificates(void) {
    char endpoint[64];
    ossmpu_client *client;
    ossmpu_error *err = NULL;
    CHECK(find("SSL_CERT_FILE") != NULL && find("SSL_CERT_DIR") != NULL);
    snprintf(endpoint, sizeof endpoint, "https%s",
             find("OSS_ENDPOINT") + strlen("http"));
    client = keys_client(endpoint);
    CHECK(ossmpu_put_data(client, BUCKET, "key", "x", 1, NULL, NULL, NULL,
                          &err) < 0);
    check_message(err, "does not speak TLS");
    ossmpu_error_free(err);
    ossmpu_client_free(client);
}

/* What the user of a set-user-ID program sets has no effect. */
static int run_with_more_rights(void) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    CHECK(find("OSS_ENDPOINT") != NULL && find("HOME") != NULL);
    CHECK(!ossmpu_config_set_env(config));
    /* Neither region nor keys have been read. */
    CHECK(ossmpu_client_new(config, &client, NULL) < 0);
    refuse("env");
    refuse("oidc");
    refuse("process:keys");
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_CREDENTIALS,
                                 "process:/bin/keys"));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_CREDENTIALS, "profile"));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_REGION, "cn-hangzhou"));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_ENDPOINT,
                                 find("OSS_ENDPOINT")));
    /* It is not the URL of a proxy. */
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_PROXY, "env"));
    CHECK_STATUS(OSSMPU_OK, ossmpu_client_new(config, &client, &err), err);
    CHECK(ossmpu_put_data(client, BUCKET, "key", "x", 1, NULL, NULL, NULL,
                          &err) == OSSMPU_ECREDENTIALS);
    check_message(err, "set-user-ID");
    ossmpu_error_free(err);
    ossmpu_client_free(client);
    ossmpu_config_free(config);
    check_certificates();
    return 0;
}

/* A group of this user that is not its own. */
static gid_t other_group(void) {
    gid_t groups[256];
    int count = getgroups(256, groups);
    while (count > 0 && groups[count - 1] == getegid())
        count--;
    /* This test needs root, or a user with two groups. */
    CHECK(count > 0);
    return groups[count - 1];
}

/* A copy of this program that runs with the rights of its owner or group. */
static int privileged_copy(const char *path) {
    char name[300], block[65536];
    ssize_t length;
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to;
    snprintf(name, sizeof name, "%s.privileged", path);
    to = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    CHECK(from >= 0 && to >= 0);
    while ((length = read(from, block, sizeof block)) > 0)
        CHECK(write(to, block, (size_t)length) == length);
    if (geteuid() != 0)
        CHECK(!fchown(to, (uid_t)-1, other_group()));
    CHECK(!fchmod(to, geteuid() == 0 ? 04755 : 02755));
    CHECK(!close(to) && !close(from));
    to = open(name, O_RDONLY | O_CLOEXEC);
    CHECK(to >= 0 && !unlink(name));
    return to;
}

static void check_more_rights(const char *path) {
    extern char **environ;
    char *arguments[] = {"environment", "more-rights", NULL};
    int status, program = privileged_copy(path);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(!setenv("ALL_PROXY", "not a URL", 1));
        CHECK(!setenv("HOME", "/nonexistent", 1));
        CHECK(!setenv("SSL_CERT_FILE", "/nonexistent", 1));
        CHECK(!setenv("SSL_CERT_DIR", "/nonexistent", 1));
        if (geteuid() == 0)
            CHECK(!setgroups(0, NULL) && !setgid(OTHER_USER) &&
                  !setuid(OTHER_USER));
        fexecve(program, arguments, environ);
        _exit(9);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(!close(program));
}

int main(int argc, char **argv) {
    /* Without the check for leaks, which is not permitted here. */
    if (argc == 2 && strcmp(argv[1], "more-rights") == 0)
        _exit(run_with_more_rights());
    CHECK(argc == 3);
    check_nothing_is_read(argv[1]);
    check_what_is_read();
    check_texts();
    /* Valgrind does not run such programs. */
    if (!is_slow())
        check_more_rights(argv[1]);
    return 0;
}
