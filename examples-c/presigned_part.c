/*
 * presigned_part BUCKET KEY - an upload by machines without an access key. The
 * owner, who has a key, initiates the upload and presigns a URL for each of
 * three parts. Workers without a key send the parts to the URLs and report
 * ETag, size and CRC-64. The owner adds the parts and completes the upload.
 *
 * Here all of them run in one process. In practice the URL is sent to the
 * worker, and its report is sent back.
 *
 * Reads the same environment as put_file.
 */
#include "ossmpu.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PARTS 3
#define PART_SIZE (100 * 1024) /* minimum of all parts but the last */
#define VALID_SECONDS 600

/* The report of a worker. */
typedef struct {
    char etag[80];
    int64_t size;
    uint64_t crc64;
    int has_crc64;
} Report;

static int complain(int status, ossmpu_error *err) {
    const char *what =
        err ? ossmpu_error_message(err) : ossmpu_strerror(status);
    fprintf(stderr, "presigned_part: %s\n", what);
    ossmpu_error_free(err);
    return status;
}

/* A worker has only the URL and its bytes. */
static int send_part(const char *url, const void *data, size_t len,
                     Report *report) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *worker = NULL;
    ossmpu_result *part = NULL;
    ossmpu_error *err = NULL;
    int status;

    ossmpu_config_set_str(config, OSSMPU_CONFIG_CREDENTIALS, "anonymous");
    status = ossmpu_client_new(config, &worker, &err);
    ossmpu_config_free(config);
    if (status == OSSMPU_OK)
        status = ossmpu_put_part_url(worker, url, data, len, NULL, NULL, &part,
                                     &err);
    if (status == OSSMPU_OK) {
        snprintf(report->etag, sizeof report->etag, "%s",
                 ossmpu_result_str(part, OSSMPU_RESULT_ETAG));
        report->size = ossmpu_result_int(part, OSSMPU_RESULT_SIZE);
        report->has_crc64 = ossmpu_result_u64(part, OSSMPU_RESULT_CRC64,
                                              &report->crc64) == OSSMPU_OK;
    }
    ossmpu_result_free(part);
    ossmpu_client_free(worker);
    return status == OSSMPU_OK ? status : complain(status, err);
}

/* The owner presigns a URL, has a worker send the part, and adds it. */
static int arrange_part(const ossmpu_client *owner, const char *bucket,
                        const char *key, const ossmpu_upload *upload,
                        int32_t number) {
    static char data[PART_SIZE];
    ossmpu_result *url = NULL;
    ossmpu_error *err = NULL;
    Report report;
    int status = ossmpu_presign(owner, OSSMPU_PRESIGN_UPLOAD_PART, bucket, key,
                                ossmpu_upload_id(upload), number, VALID_SECONDS,
                                NULL, NULL, &url, &err);
    if (status != OSSMPU_OK)
        return complain(status, err);
    memset(data, 'a' + (int)number, sizeof data);
    status = send_part(ossmpu_result_str(url, OSSMPU_RESULT_URL), data,
                       sizeof data, &report);
    ossmpu_result_free(url);
    if (status != OSSMPU_OK)
        return status;
    status = ossmpu_upload_add_part(upload, number, report.size, report.etag,
                                    report.has_crc64 ? &report.crc64 : NULL,
                                    &err);
    return status == OSSMPU_OK ? status : complain(status, err);
}

static int run(const ossmpu_client *owner, const char *bucket,
               const char *key) {
    ossmpu_upload *upload = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    int32_t number;
    int status = ossmpu_upload_initiate(owner, bucket, key, NULL, NULL, &upload,
                                        &err);
    if (status != OSSMPU_OK)
        return complain(status, err);
    for (number = 1; number <= PARTS && status == OSSMPU_OK; number++)
        status = arrange_part(owner, bucket, key, upload, number);
    if (status == OSSMPU_OK) {
        /* Verifies the CRC-64 of the object against those of the parts. */
        status = ossmpu_upload_complete(upload, NULL, NULL, &result, &err);
        if (status != OSSMPU_OK)
            complain(status, err);
    }
    if (result != NULL)
        printf("ETag  %s\nsize  %" PRId64 "\n",
               ossmpu_result_str(result, OSSMPU_RESULT_ETAG),
               ossmpu_result_int(result, OSSMPU_RESULT_SIZE));
    ossmpu_result_free(result);
    err = NULL;
    if (status < 0 && ossmpu_upload_abort(upload, &err) < 0)
        complain(status, err);
    ossmpu_upload_free(upload);
    return status;
}

int main(int argc, char **argv) {
    ossmpu_config *config;
    ossmpu_client *owner = NULL;
    ossmpu_error *err = NULL;
    int status;

    if (argc != 3) {
        fprintf(stderr, "usage: presigned_part BUCKET KEY\n");
        return 2;
    }
    config = ossmpu_config_new();
    ossmpu_config_set_env(config);
    status = ossmpu_client_new(config, &owner, &err);
    ossmpu_config_free(config);
    if (status != OSSMPU_OK) {
        complain(status, err);
        return 1;
    }
    status = run(owner, argv[1], argv[2]);
    ossmpu_client_free(owner);
    return status == OSSMPU_OK ? 0 : 1;
}
