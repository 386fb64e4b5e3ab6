/* beside NAME - links two static libraries in Rust: each panics and catches its
 * panic before, during and after calls of the other. */
#include "upload.h"

int neighbor_catches_a_panic(void);
int64_t neighbor_reads(void *user, void *buf, size_t len);

static int stops_under_our_frames(void) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    int status, value;
    ossmpu_config_set_env(config);
    if (ossmpu_client_new(config, &client, NULL) != OSSMPU_OK)
        return 0;
    status = ossmpu_put_stream(client, BUCKET, "never", neighbor_reads, NULL,
                               -1, NULL, NULL, NULL, &err);
    value = (int)ossmpu_error_int(err, OSSMPU_ERRINFO_CALLBACK_VALUE);
    ossmpu_error_free(err);
    ossmpu_client_free(client);
    ossmpu_config_free(config);
    return status == OSSMPU_ECALLBACK && value == -6;
}

int main(int argc, char **argv) {
    if (argc != 2 || !neighbor_catches_a_panic() || upload(argv[1]) ||
        !stops_under_our_frames() || !neighbor_catches_a_panic() ||
        upload(argv[1])) {
        fprintf(stderr, "the two libraries do not work together\n");
        return 1;
    }
    printf("%-28s uploads with %s\n", argv[1], ossmpu_version_string());
    return 0;
}
