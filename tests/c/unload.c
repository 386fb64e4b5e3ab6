/* The library is loaded and unloaded repeatedly. It stays in memory (-z
 * nodelete), so its threads and the thread-local destructors keep their code,
 * and nothing grows. */
#define _GNU_SOURCE
#include "host.h"

#include <dlfcn.h>
#include <pthread.h>

#define SIZE 250000

static void *library;

/* A client that is not freed: unloading is harmless. */
static ossmpu_client *forgotten;

/* The function of that name, whatever its type. */
#define FUNCTION(name)                                                         \
    __typeof__(name) *name##_fn;                                               \
    *(void **)&name##_fn = dlsym(library, #name);                              \
    CHECK(name##_fn != NULL)

static void load(void) {
    const char *path = getenv("TEST_LIBRARY");
    CHECK(path != NULL);
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        fprintf(stderr, "%s\n", dlerror());
    CHECK(library != NULL);
}

static ossmpu_client *upload(const unsigned char *data) {
    FUNCTION(ossmpu_config_new);
    FUNCTION(ossmpu_config_set_env);
    FUNCTION(ossmpu_config_free);
    FUNCTION(ossmpu_client_new);
    FUNCTION(ossmpu_options_new);
    FUNCTION(ossmpu_options_set_int);
    FUNCTION(ossmpu_options_free);
    FUNCTION(ossmpu_put_data);
    ossmpu_config *config = ossmpu_config_new_fn();
    ossmpu_options *options = ossmpu_options_new_fn();
    ossmpu_client *client = NULL;
    CHECK(!ossmpu_config_set_env_fn(config));
    CHECK(!ossmpu_client_new_fn(config, &client, NULL));
    CHECK(!ossmpu_options_set_int_fn(options, OSSMPU_OPTION_PART_SIZE, 102400));
    CHECK(!ossmpu_options_set_int_fn(options, OSSMPU_OPTION_SINGLE_BELOW, 0));
    CHECK(!ossmpu_put_data_fn(client, BUCKET, "unload", data, SIZE, options,
                              NULL, NULL, NULL));
    ossmpu_options_free_fn(options);
    ossmpu_config_free_fn(config);
    return client;
}

static void round_trip(const unsigned char *data) {
    load();
    {
        FUNCTION(ossmpu_client_free);
        ossmpu_client_free_fn(upload(data));
    }
    CHECK(!dlclose(library));
}

/* Thread-local data of the library is destroyed with the thread, after the
 * library was unloaded. */
static void *on_a_thread(void *user) {
    round_trip(user);
    return NULL;
}

int main(void) {
    unsigned char *data = some_bytes(SIZE);
    pthread_t thread;
    int descriptors, i;
    round_trip(data);
    check_threads(1);
    descriptors = count_descriptors();
    for (i = 0; i < rounds(20); i++) {
        round_trip(data);
        CHECK(!pthread_create(&thread, NULL, on_a_thread, data));
        CHECK(!pthread_join(thread, NULL));
        check_threads(1);
        CHECK(count_descriptors() == descriptors);
    }
    load();
    forgotten = upload(data);
    CHECK(!dlclose(library));
    CHECK(count_threads() > 1);
    free(data);
    return 0;
}
