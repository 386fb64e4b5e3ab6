/* loaded LIBRARY - loads the library, uploads, unloads it, and does that once
 * more. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef struct ossmpu_any any;

/* ISO C has no cast from an object to a function; POSIX promises the copy. */
#define LOAD(function, name)                                                   \
    do {                                                                       \
        void *found = dlsym(library, name);                                    \
        if (found == NULL)                                                     \
            return 3;                                                          \
        memcpy(&(function), &found, sizeof found);                             \
    } while (0)

static int upload(void *library) {
    any *(*config_new)(void);
    int (*config_set_env)(any *);
    void (*config_free)(any *);
    int (*client_new)(const any *, any **, any **);
    void (*client_free)(any *);
    int (*put_data)(const any *, const char *, const char *, const void *,
                    size_t, const any *, const any *, any **, any **);
    const char *(*version_string)(void);
    any *config, *client = NULL;
    int status;
    LOAD(config_new, "ossmpu_config_new");
    LOAD(config_set_env, "ossmpu_config_set_env");
    LOAD(config_free, "ossmpu_config_free");
    LOAD(client_new, "ossmpu_client_new");
    LOAD(client_free, "ossmpu_client_free");
    LOAD(put_data, "ossmpu_put_data");
    LOAD(version_string, "ossmpu_version_string");
    config = config_new();
    config_set_env(config);
    status = client_new(config, &client, NULL);
    config_free(config);
    if (status == 0)
        status = put_data(client, "ossmpu-test", "loaded", "data", 4, NULL,
                          NULL, NULL, NULL);
    client_free(client);
    if (status == 0)
        printf("%-28s uploads with %s\n", "dlopen", version_string());
    return status;
}

int main(int argc, char **argv) {
    int round;
    for (round = 0; round < 2; round++) {
        void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
        int status = library != NULL ? upload(library) : 2;
        if (status != 0) {
            fprintf(stderr, "loaded: status %d, round %d\n", status, round);
            return 1;
        }
        dlclose(library);
    }
    return 0;
}
