/* Without file descriptors, each step returns a typed error and leaks none;
 * with descriptors available again, the calls succeed. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define SIZE 250000

/* Enough for each of the calls. */
#define PLENTY 24

static const unsigned char *data;
static const char *path;
static int file;

/* Lets this process open that many more descriptors. */
static void leave_room(int room) {
    struct rlimit limit;
    int next = dup(0);
    CHECK(next >= 0);
    close(next);
    CHECK(!getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = (rlim_t)(next + room);
    CHECK(!setrlimit(RLIMIT_NOFILE, &limit));
}

static void leave_all(void) {
    struct rlimit limit;
    CHECK(!getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = limit.rlim_max;
    CHECK(!setrlimit(RLIMIT_NOFILE, &limit));
}

static int put_memory(const ossmpu_client *client,
                      const ossmpu_options *options,
                      const ossmpu_cancel *cancel, ossmpu_error **err) {
    return ossmpu_put_data(client, BUCKET, "few", data, SIZE, options, cancel,
                           NULL, err);
}

static int put_file(const ossmpu_client *client, const ossmpu_options *options,
                    const ossmpu_cancel *cancel, ossmpu_error **err) {
    return ossmpu_put_file(client, BUCKET, "few", path, options, cancel, NULL,
                           err);
}

static int put_fd(const ossmpu_client *client, const ossmpu_options *options,
                  const ossmpu_cancel *cancel, ossmpu_error **err) {
    return ossmpu_put_fd(client, BUCKET, "few", file, 0, SIZE, options, cancel,
                         NULL, err);
}

static int put_by_writer(const ossmpu_client *client,
                         const ossmpu_options *options,
                         const ossmpu_cancel *cancel, ossmpu_error **err) {
    ossmpu_writer *writer = NULL;
    int status = ossmpu_writer_open(client, BUCKET, "few", options, cancel,
                                    &writer, err);
    if (status == OSSMPU_OK)
        status = ossmpu_writer_write(writer, data, SIZE, err);
    if (status == OSSMPU_OK)
        status = ossmpu_writer_finish(writer, NULL, err);
    ossmpu_writer_free(writer);
    return status;
}

static int (*const calls[])(const ossmpu_client *, const ossmpu_options *,
                            const ossmpu_cancel *, ossmpu_error **) = {
    put_memory, put_file, put_fd, put_by_writer,
};

/* Each unfinished upload was reported by an error. Returns their number and
 * aborts them. */
static int abort_all(const ossmpu_client *client) {
    ossmpu_upload_iter *iter = NULL;
    const ossmpu_upload_info *entry = NULL;
    int count = 0;
    CHECK(!ossmpu_list_uploads(client, BUCKET, NULL, NULL, NULL, NULL, &iter,
                               NULL));
    while (!ossmpu_upload_iter_next(iter, &entry, NULL)) {
        ossmpu_upload *upload = NULL;
        CHECK(!ossmpu_upload_attach(client, BUCKET, entry->key,
                                    entry->upload_id, 0, NULL, NULL, &upload,
                                    NULL));
        CHECK(!ossmpu_upload_abort(upload, NULL));
        ossmpu_upload_free(upload);
        count++;
    }
    ossmpu_upload_iter_free(iter);
    return count;
}

/* Checks the status and its error, and returns the status. */
static int check_room(int room, size_t which, const ossmpu_options *options) {
    const char *port = strrchr(getenv("OSS_ENDPOINT"), ':');
    ossmpu_client *client = client_of("http", "127.0.0.1", atoi(port + 1), 1);
    ossmpu_cancel *cancel;
    ossmpu_error *err = NULL;
    int status, left;
    leave_room(room);
    /* If no token can be created, NULL stands for none. */
    cancel = ossmpu_cancel_new();
    CHECK(cancel != NULL || room < 2);
    status = calls[which](client, options, cancel, &err);
    leave_all();
    left = abort_all(client);
    CHECK(ossmpu_error_code(err) == status);
    if (status != OSSMPU_OK) {
        CHECK(status == OSSMPU_ENOMEM || status == OSSMPU_EFILE ||
              status == OSSMPU_ECONNECT);
        CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_OS_ERRNO) == EMFILE);
        CHECK(left == ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT));
        ossmpu_error_free(err);
    }
    CHECK(status == OSSMPU_OK || left <= 1);
    /* The client still works. */
    CHECK(!calls[which](client, options, NULL, NULL));
    ossmpu_cancel_free(cancel);
    ossmpu_client_free(client);
    return status;
}

/* True if another process would have to wait for a record lock. */
static int is_locked(void) {
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        _exit(fcntl(file, F_GETLK, &lock) || lock.l_type == F_UNLCK);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status) == 0;
}

/* The record locks of the program on the file are still there afterwards. */
static void check_record_locks(const ossmpu_options *options) {
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    ossmpu_client *client = new_client();
    ossmpu_error *err = NULL;
    CHECK(!fcntl(file, F_SETLK, &lock));
    CHECK_STATUS(OSSMPU_OK, put_fd(client, options, NULL, &err), err);
    ossmpu_client_free(client);
    CHECK(is_locked());
}

int main(int argc, char **argv) {
    ossmpu_options *options = in_parts();
    int room, descriptors;
    size_t which;
    CHECK(argc == 3);
    path = argv[1];
    data = some_bytes(SIZE);
    file = open(path, O_RDONLY);
    CHECK(file >= 0);
    descriptors = count_descriptors();
    for (which = 0; which < sizeof calls / sizeof *calls; which++) {
        int failed = 0, status = OSSMPU_OK;
        for (room = 0; room < PLENTY; room++) {
            status = check_room(room, which, options);
            failed += status != OSSMPU_OK;
            CHECK(count_descriptors() == descriptors);
            check_threads(1);
        }
        CHECK(failed >= 4 && status == OSSMPU_OK);
    }
    check_record_locks(options);
    ossmpu_options_free(options);
    close(file);
    free((void *)(uintptr_t)data);
    return 0;
}
