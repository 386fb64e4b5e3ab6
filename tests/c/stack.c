/* A thread with the stack that the header requires makes every kind of call. */
#include "check.h"

#include <pthread.h>

#define STACK (256 * 1024)
#define SIZE 350000

static const char *path;

static void *upload(void *user) {
    ossmpu_client *client = new_client();
    ossmpu_options *options = in_parts();
    ossmpu_writer *writer = NULL;
    ossmpu_error *err = NULL;
    unsigned char *data = some_bytes(SIZE);
    (void)user;
    CHECK(!ossmpu_options_set_int(
        options, OSSMPU_OPTION_INTEGRITY,
        OSSMPU_INTEGRITY_CRC64 | OSSMPU_INTEGRITY_MD5));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, "stack", "x", 1, NULL, NULL,
                                 NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, "stack", data, SIZE, options,
                                 NULL, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_file(client, BUCKET, "stack", path, options, NULL,
                                 NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_writer_open(client, BUCKET, "stack", options, NULL,
                                    &writer, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_write(writer, data, SIZE, &err), err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_finish(writer, NULL, &err), err);
    ossmpu_writer_free(writer);
    ossmpu_options_free(options);
    ossmpu_client_free(client);
    free(data);
    return NULL;
}

int main(int argc, char **argv) {
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(argc > 1);
    path = argv[1];
    CHECK(!pthread_attr_init(&attributes));
    CHECK(!pthread_attr_setstacksize(&attributes, STACK));
    CHECK(!pthread_create(&thread, &attributes, upload, NULL));
    CHECK(!pthread_join(thread, NULL));
    CHECK(!pthread_attr_destroy(&attributes));
    return 0;
}
