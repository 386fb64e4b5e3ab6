/* The builder for a client: every key, the first error, junk. */
#include "check.h"

#include <limits.h>

/* Creating a client fails, and the error names that argument. */
static void check_refused(ossmpu_config *config, int want, const char *name) {
    ossmpu_client *client = (ossmpu_client *)(uintptr_t)1;
    ossmpu_error *err = NULL;
    CHECK(ossmpu_client_new(config, &client, &err) == want);
    CHECK(client == NULL);
    CHECK(ossmpu_error_code(err) == want);
    CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_ARGUMENT), name);
    ossmpu_error_free(err);
    ossmpu_config_free(config);
}

static void check_every_key(void) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    int key;
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_REGION, "cn-hangzhou"));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_ENDPOINT,
                                 "http://127.0.0.1:1"));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_CREDENTIALS, "env"));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_CREDENTIALS,
                                 "anonymous"));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_PROXY, "env"));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_PROXY, "none"));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_USER_AGENT, "test/1"));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_BIND_ADDRESS, "::1"));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_ADDITIONAL_HEADERS,
                                 "host;range"));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_ENDPOINT_KIND, 3));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_ADDRESSING, 1));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_SIGNATURE, 1));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_SIGNATURE, 4));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_TLS_VERIFY, 0));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_TLS_VERIFY, 1));
    for (key = OSSMPU_CONFIG_RESOLVE_TIMEOUT_MS;
         key <= OSSMPU_CONFIG_ABORT_TIMEOUT_MS; key++) {
        CHECK(!ossmpu_config_set_int(config, key, 1000));
    }
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_MAX_ATTEMPTS, 1));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_THREADS, 2));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_MAX_CLOCK_OFFSET_MS, 0));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_CALLBACKS_ON_CALLER, 1));
    CHECK(!ossmpu_config_set_keys(config, "id", "secret", NULL));
    CHECK(!ossmpu_config_set_keys(config, "id", "secret", "token"));
    CHECK_STATUS(OSSMPU_OK, ossmpu_client_new(config, &client, &err), err);
    ossmpu_config_free(config);
    ossmpu_client_free(client);
}

static void check_files(void) {
    ossmpu_config *config = ossmpu_config_new();
    CHECK(!ossmpu_config_set_env(config));
    /* A path is bytes; other texts are UTF-8. */
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_CA_FILE, "/\xd6\xd0"));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_CLIENT_CERTIFICATE,
                                 "/\xd6\xd0"));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_CLIENT_KEY,
                                 "/\xd6\xd0"));
    check_refused(config, OSSMPU_EINVAL, "ca_file");
    config = ossmpu_config_new();
    CHECK(!ossmpu_config_set_env(config));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_CA_FILE, "/none"));
    check_refused(config, OSSMPU_EINVAL, "ca_file");
    config = ossmpu_config_new();
    CHECK(!ossmpu_config_set_env(config));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_CLIENT_CERTIFICATE,
                                 "/none"));
    check_refused(config, OSSMPU_EINVAL, "client_key");
    config = ossmpu_config_new();
    CHECK(!ossmpu_config_set_env(config));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_CLIENT_KEY, "/none"));
    check_refused(config, OSSMPU_EINVAL, "client_certificate");
}

static void check_failures(void) {
    ossmpu_config *config = ossmpu_config_new();
    check_refused(config, OSSMPU_ECREDENTIALS, "credentials");
    /* The first error is kept. */
    config = ossmpu_config_new();
    CHECK(ossmpu_config_set_int(config, OSSMPU_CONFIG_STALL_TIMEOUT_MS, 0) ==
          OSSMPU_EINVAL);
    CHECK(ossmpu_config_set_str(config, 1077, "x") == OSSMPU_EUNSUPPORTED);
    CHECK(!ossmpu_config_set_env(config));
    check_refused(config, OSSMPU_EINVAL, "stall_timeout");
    config = ossmpu_config_new();
    CHECK(ossmpu_config_set_str(config, 1077, "x") == OSSMPU_EUNSUPPORTED);
    check_refused(config, OSSMPU_EUNSUPPORTED, "key");
    config = ossmpu_config_new();
    CHECK(ossmpu_config_set_str(config, OSSMPU_CONFIG_CREDENTIALS,
                                "vault:x") == OSSMPU_EUNSUPPORTED);
    check_refused(config, OSSMPU_EUNSUPPORTED, "credentials");
    config = ossmpu_config_new();
    CHECK(ossmpu_config_set_str(config, OSSMPU_CONFIG_REGION, "\xff") ==
          OSSMPU_EINVAL);
    check_refused(config, OSSMPU_EINVAL, "value");
    config = ossmpu_config_new();
    CHECK(ossmpu_config_set_keys(config, "", "secret", NULL) == OSSMPU_EINVAL);
    check_refused(config, OSSMPU_EINVAL, "access_key_id");
}

static void check_junk(void) {
    static const int keys[] = {INT_MIN, -1,   0,    1,      99,  100,
                               1000,    1099, 1199, 1300, 2100, INT_MAX};
    size_t i;
    for (i = 0; i < sizeof keys / sizeof *keys; i++) {
        ossmpu_config *config = ossmpu_config_new();
        CHECK(ossmpu_config_set_str(config, keys[i], "x") < 0);
        CHECK(ossmpu_config_set_int(config, keys[i], 1) < 0);
        ossmpu_config_free(config);
    }
    for (i = OSSMPU_CONFIG_ENDPOINT_KIND; i <= OSSMPU_CONFIG_THREADS; i++) {
        ossmpu_config *config = ossmpu_config_new();
        CHECK(ossmpu_config_set_int(config, (int)i, -1) < 0);
        CHECK(ossmpu_config_set_int(config, (int)i, INT64_MAX) < 0);
        CHECK(ossmpu_config_set_int(config, (int)i, INT64_MIN) < 0);
        CHECK(ossmpu_config_set_str(config, (int)i, "1") < 0);
        ossmpu_config_free(config);
    }
}

int main(void) {
    check_every_key();
    check_files();
    check_failures();
    check_junk();
    return 0;
}
