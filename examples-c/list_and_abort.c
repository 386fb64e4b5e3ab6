/*
 * list_and_abort [--abort] BUCKET HOURS [PREFIX] - lists the unfinished uploads
 * of a bucket and says which are older than HOURS. With --abort these are
 * aborted; their parts are billed until then.
 *
 * Reads the same environment as put_file.
 */
#include "ossmpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int complain(int status, ossmpu_error *err) {
    const char *what =
        err ? ossmpu_error_message(err) : ossmpu_strerror(status);
    fprintf(stderr, "list_and_abort: %s\n", what);
    ossmpu_error_free(err);
    return status;
}

static int abort_upload(const ossmpu_client *client, const char *bucket,
                        const ossmpu_upload_info *info) {
    ossmpu_upload *upload = NULL;
    ossmpu_error *err = NULL;
    /* Attaching without flags sends nothing. */
    int status = ossmpu_upload_attach(client, bucket, info->key,
                                      info->upload_id, 0, NULL, NULL, &upload,
                                      &err);
    if (status == OSSMPU_OK)
        status = ossmpu_upload_abort(upload, &err);
    ossmpu_upload_free(upload);
    return status == OSSMPU_OK ? status : complain(status, err);
}

/* Lists all uploads, also after one that cannot be aborted; returns the first
 * status that is a failure. */
static int go_through(const ossmpu_client *client, const char *bucket,
                      const char *prefix, double hours, int remove) {
    ossmpu_upload_iter *iter = NULL;
    const ossmpu_upload_info *info = NULL;
    ossmpu_error *err = NULL;
    int failure = OSSMPU_OK;
    int status = ossmpu_list_uploads(client, bucket, prefix, NULL, NULL, NULL,
                                     &iter, &err);
    while (status == OSSMPU_OK) {
        status = ossmpu_upload_iter_next(iter, &info, &err);
        if (status == OSSMPU_OK) {
            /* By the clock of OSS: the one of this machine may be wrong. */
            int old = info->age_ms >= 0 &&
                      (double)info->age_ms >= hours * 3600000;
            const char *fate = !old ? "young" : remove ? "abort" : "old";
            printf("%-5s  %s  %s  %s\n", fate, info->initiated, info->upload_id,
                   info->key);
            if (old && remove) {
                int aborted = abort_upload(client, bucket, info);
                if (failure == OSSMPU_OK)
                    failure = aborted;
            }
        }
    }
    ossmpu_upload_iter_free(iter);
    if (status != OSSMPU_DONE)
        return complain(status, err);
    return failure;
}

int main(int argc, char **argv) {
    int remove = argc > 1 && strcmp(argv[1], "--abort") == 0;
    ossmpu_config *config;
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    char *end = NULL;
    double hours;
    int status;

    argc -= remove;
    argv += remove;
    hours = argc > 2 ? strtod(argv[2], &end) : -1;
    if (argc < 3 || argc > 4 || end == argv[2] || *end != '\0' ||
        !(hours >= 0 && hours < 1e6)) {
        fprintf(stderr,
                "usage: list_and_abort [--abort] BUCKET HOURS [PREFIX]\n");
        return 2;
    }

    config = ossmpu_config_new();
    ossmpu_config_set_env(config);
    status = ossmpu_client_new(config, &client, &err);
    ossmpu_config_free(config);
    if (status != OSSMPU_OK) {
        complain(status, err);
        return 1;
    }
    status = go_through(client, argv[1], argc > 3 ? argv[3] : NULL, hours,
                        remove);
    ossmpu_client_free(client);
    return status == OSSMPU_OK ? 0 : 1;
}
