/*
 * three_parts FILE BUCKET KEY - uploads step by step: initiates an upload,
 * sends the file in three parts from three threads of its own, each with
 * Content-MD5, and completes it. If a part fails, the upload is aborted.
 *
 * Reads the same environment as put_file.
 */
#define _POSIX_C_SOURCE 200809L
#include "ossmpu.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PARTS 3
#define SMALLEST_PART (100 * 1024) /* of all parts but the last */

typedef struct {
    const ossmpu_upload *upload;
    const ossmpu_cancel *cancel;
    const char *path;
    int32_t number;
    int64_t offset, length;
    int status;
    ossmpu_error *err;
    pthread_t thread;
} Part;

/* Threads can share an upload; each sends its part. */
static void *send_part(void *user) {
    Part *part = user;
    part->status = ossmpu_upload_part_file(part->upload, part->number,
                                           part->path, part->offset,
                                           part->length, part->cancel,
                                           &part->err);
    if (part->status != OSSMPU_OK)
        ossmpu_cancel_trigger(part->cancel); /* cancels the other parts */
    return NULL;
}

static int complain(int status, ossmpu_error *err) {
    const char *what =
        err ? ossmpu_error_message(err) : ossmpu_strerror(status);
    fprintf(stderr, "three_parts: %s\n", what);
    ossmpu_error_free(err);
    return status;
}

/* Sends all parts; returns the first status that is not OSSMPU_OK. */
static int send_parts(const ossmpu_upload *upload, const char *path,
                      int64_t size) {
    Part parts[PARTS];
    ossmpu_cancel *cancel = ossmpu_cancel_new();
    int started, i, status = OSSMPU_OK;
    memset(parts, 0, sizeof parts);
    for (started = 0; started < PARTS; started++) {
        Part *part = &parts[started];
        part->upload = upload;
        part->cancel = cancel;
        part->path = path;
        part->number = started + 1;
        part->offset = size / PARTS * started;
        part->length = started + 1 < PARTS ? size / PARTS : -1; /* the rest */
        if (pthread_create(&part->thread, NULL, send_part, part) != 0) {
            fprintf(stderr, "three_parts: cannot start a thread\n");
            ossmpu_cancel_trigger(cancel);
            status = OSSMPU_ENOMEM;
            break;
        }
    }
    for (i = 0; i < started; i++) {
        pthread_join(parts[i].thread, NULL);
        if (parts[i].status != OSSMPU_OK)
            status = complain(parts[i].status, parts[i].err);
    }
    ossmpu_cancel_free(cancel);
    return status;
}

static int upload_file(const ossmpu_client *client, const char *path,
                       int64_t size, const char *bucket, const char *key) {
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_upload *upload = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    int status;

    ossmpu_options_set_int(options, OSSMPU_OPTION_INTEGRITY,
                           OSSMPU_INTEGRITY_CRC64 | OSSMPU_INTEGRITY_MD5);
    status = ossmpu_upload_initiate(client, bucket, key, options, NULL, &upload,
                                    &err);
    ossmpu_options_free(options);
    if (status != OSSMPU_OK)
        return complain(status, err);
    printf("upload %s\n", ossmpu_upload_id(upload));

    status = send_parts(upload, path, size);
    if (status == OSSMPU_OK) {
        status = ossmpu_upload_complete(upload, NULL, NULL, &result, &err);
        if (status != OSSMPU_OK)
            complain(status, err);
    }
    if (result != NULL)
        printf("ETag   %s\nsize   %" PRId64 "\n",
               ossmpu_result_str(result, OSSMPU_RESULT_ETAG),
               ossmpu_result_int(result, OSSMPU_RESULT_SIZE));
    ossmpu_result_free(result);

    /* Parts are billed until the upload is completed or aborted. If it was
     * completed after all, this returns OSSMPU_ESTATE. */
    if (status < 0 && ossmpu_upload_abort(upload, &err) < 0)
        complain(status, err);
    ossmpu_upload_free(upload);
    return status;
}

int main(int argc, char **argv) {
    ossmpu_config *config;
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    struct stat file;
    int status;

    if (argc != 4) {
        fprintf(stderr, "usage: three_parts FILE BUCKET KEY\n");
        return 2;
    }
    if (stat(argv[1], &file) != 0) {
        perror(argv[1]);
        return 1;
    }
    if (file.st_size < PARTS * SMALLEST_PART) {
        fprintf(stderr, "three_parts: %s has fewer than %d bytes, the size of "
                        "three parts of 100 KiB; use put_file\n",
                argv[1], PARTS * SMALLEST_PART);
        return 1;
    }

    config = ossmpu_config_new();
    ossmpu_config_set_env(config);
    status = ossmpu_client_new(config, &client, &err);
    ossmpu_config_free(config);
    if (status != OSSMPU_OK) {
        complain(status, err);
        return 1;
    }
    status = upload_file(client, argv[1], file.st_size, argv[2], argv[3]);
    ossmpu_client_free(client);
    return status == OSSMPU_OK ? 0 : 1;
}
