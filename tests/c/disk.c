/* A full disk: a checkpoint that cannot be written is a typed error, nothing is
 * left behind, and the same call succeeds later. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

static char folder[4096];

/* The kernel limits the size of a file: EFBIG beyond it, because the signal
 * for it is ignored. */
static void leave_room(rlim_t bytes) {
    struct rlimit limit;
    CHECK(!getrlimit(RLIMIT_FSIZE, &limit));
    limit.rlim_cur = bytes;
    CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
}

static int uploads(const ossmpu_client *client) {
    ossmpu_upload_iter *iter = NULL;
    const ossmpu_upload_info *entry = NULL;
    int count = 0;
    CHECK(!ossmpu_list_uploads(client, BUCKET, NULL, NULL, NULL, NULL, &iter,
                               NULL));
    while (!ossmpu_upload_iter_next(iter, &entry, NULL))
        count++;
    ossmpu_upload_iter_free(iter);
    return count;
}

int main(int argc, char **argv) {
    ossmpu_client *client = new_client();
    ossmpu_options *options = in_parts();
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    int descriptors = count_descriptors(), room;
    CHECK(argc == 3);
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    snprintf(folder, sizeof folder, "%s-XXXXXX", argv[1]);
    CHECK(mkdtemp(folder) != NULL);
    CHECK(!ossmpu_options_set_str(options, OSSMPU_OPTION_CHECKPOINT_DIR,
                                  folder));
    for (room = 0; room <= 100; room += 50) {
        leave_room((rlim_t)room);
        CHECK(ossmpu_put_file(client, BUCKET, "disk", argv[1], options, NULL,
                              &result, &err) == OSSMPU_EFILE);
        leave_room(RLIM_INFINITY);
        CHECK(result == NULL);
        CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_OS_ERRNO) == EFBIG);
        CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_ARGUMENT),
                   "checkpoint_dir");
        CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT) == 0);
        ossmpu_error_free(err);
        CHECK(uploads(client) == 0);
        /* The lock file may stay. */
        CHECK(count_entries(folder) <= 1);
    }
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_file(client, BUCKET, "disk", argv[1], options, NULL,
                                 &result, &err),
                 err);
    check_object(client, "disk", atol(argv[2]), result);
    CHECK(count_entries(folder) == 0);
    CHECK(!rmdir(folder));
    ossmpu_result_free(result);
    ossmpu_options_free(options);
    ossmpu_client_free(client);
    CHECK(count_descriptors() == descriptors);
    return 0;
}
