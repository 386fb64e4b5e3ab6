/* Where keys come from: every source by its text, and callbacks, which outlive
 * their setter. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#define SECRET_OF_ENV getenv("OSS_ACCESS_KEY_SECRET")

typedef struct {
    int asked;
    int dropped;
    int return_value;
    int lines;
    int leaked;
} Seen;

static int give_keys(void *user, ossmpu_credentials *out) {
    Seen *seen = user;
    seen->asked++;
    if (seen->return_value != 0)
        return seen->return_value;
    /* A callback can replace invalid credentials. */
    CHECK(ossmpu_credentials_set(out, "", "x", NULL, 0) == OSSMPU_EINVAL);
    CHECK(ossmpu_credentials_set(out, "x", "x", NULL, -1) == OSSMPU_EINVAL);
    CHECK(ossmpu_credentials_set(out, NULL, "x", NULL, 0) == OSSMPU_EINVAL);
    return ossmpu_credentials_set(out, getenv("OSS_ACCESS_KEY_ID"),
                                  SECRET_OF_ENV, NULL, 0);
}

static int say_nothing(void *user, ossmpu_credentials *out) {
    (void)user;
    (void)out;
    return 0;
}

static void log_line(void *user, int level, const char *line) {
    Seen *seen = user;
    CHECK(level >= OSSMPU_LOG_ERROR && level <= OSSMPU_LOG_DEBUG);
    CHECK(strchr(line, '\n') == NULL);
    seen->lines++;
    seen->leaked += strstr(line, SECRET_OF_ENV) != NULL;
}

static void drop(void *user) {
    ((Seen *)user)->dropped++;
}

static ossmpu_client *client_of(ossmpu_config *config) {
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK, ossmpu_client_new(config, &client, &err), err);
    return client;
}

static void check_keys_and_log(void) {
    Seen keys = {0}, log = {0};
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *first, *second;
    ossmpu_error *err = NULL;
    CHECK(!ossmpu_config_set_env(config));
    CHECK(!ossmpu_config_set_credentials_fn(config, give_keys, &keys, drop));
    CHECK(!ossmpu_config_set_log_fn(config, OSSMPU_LOG_DEBUG, log_line, &log,
                                    drop));
    first = client_of(config);
    second = client_of(config);
    ossmpu_config_free(config);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(first, BUCKET, "keys", "abc", 3, NULL, NULL,
                                 NULL, &err),
                 err);
    CHECK(keys.asked == 1);
    ossmpu_client_free(first);
    CHECK(keys.dropped == 0 && log.dropped == 0);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(second, BUCKET, "keys", "abc", 3, NULL, NULL,
                                 NULL, &err),
                 err);
    CHECK(keys.asked == 2);
    ossmpu_client_free(second);
    CHECK(keys.dropped == 1 && log.dropped == 1);
    CHECK(log.lines > 0 && log.leaked == 0);
}

static void check_refusal(ossmpu_credentials_fn callback, int return_value,
                          const char *words) {
    Seen keys = {0};
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *client;
    ossmpu_error *err = NULL;
    keys.return_value = return_value;
    CHECK(!ossmpu_config_set_env(config));
    CHECK(!ossmpu_config_set_credentials_fn(config, callback, &keys, drop));
    client = client_of(config);
    ossmpu_config_free(config);
    CHECK(ossmpu_put_data(client, BUCKET, "keys", "abc", 3, NULL, NULL, NULL,
                          &err) == OSSMPU_ECREDENTIALS);
    CHECK(strstr(ossmpu_error_str(err, OSSMPU_ERRINFO_CAUSE), words) != NULL);
    ossmpu_error_free(err);
    ossmpu_client_free(client);
    CHECK(keys.dropped == 1);
}

/* The pointer is released exactly once after each failure. */
static void check_drop_of_failed_setters(void) {
    Seen seen = {0};
    ossmpu_config *config = ossmpu_config_new();
    CHECK(ossmpu_config_set_credentials_fn(NULL, give_keys, &seen, drop) ==
          OSSMPU_EINVAL);
    CHECK(seen.dropped == 1);
    CHECK(ossmpu_config_set_credentials_fn(config, NULL, &seen, drop) ==
          OSSMPU_EINVAL);
    CHECK(seen.dropped == 2);
    CHECK(ossmpu_config_set_log_fn(config, 5, log_line, &seen, drop) ==
          OSSMPU_EINVAL);
    CHECK(seen.dropped == 3);
    CHECK(ossmpu_config_set_log_fn(config, OSSMPU_LOG_INFO, NULL, &seen,
                                   drop) == OSSMPU_EINVAL);
    CHECK(seen.dropped == 4);
    /* A callback that is replaced is released immediately. */
    CHECK(!ossmpu_config_set_log_fn(config, 1, log_line, &seen, drop));
    CHECK(!ossmpu_config_set_log_fn(config, 1, log_line, NULL, NULL));
    CHECK(seen.dropped == 5);
    ossmpu_config_free(config);
}

/* The status of setting a source. The error names the setting and contains no
 * secret. */
static int set_source(ossmpu_config **config, const char *source) {
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    int status;
    *config = ossmpu_config_new();
    CHECK(!ossmpu_config_set_env(*config));
    status = ossmpu_config_set_str(*config, OSSMPU_CONFIG_CREDENTIALS, source);
    if (status != OSSMPU_OK) {
        CHECK(ossmpu_client_new(*config, &client, &err) == status);
        CHECK(strstr(ossmpu_error_message(err), "hidden") == NULL);
        if (status != OSSMPU_ECREDENTIALS)
            CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_ARGUMENT),
                       "credentials");
        ossmpu_error_free(err);
    }
    return status;
}

/* Uploads with credentials of that source; checks the error if it has none. */
static int put_with(const char *source, char *message, size_t room) {
    ossmpu_config *config;
    ossmpu_client *client;
    ossmpu_error *err = NULL;
    int status;
    CHECK(set_source(&config, source) == OSSMPU_OK);
    client = client_of(config);
    ossmpu_config_free(config);
    status = ossmpu_put_data(client, BUCKET, "sources", "abc", 3, NULL, NULL,
                             NULL, &err);
    snprintf(message, room, "%s", ossmpu_error_message(err));
    CHECK(strstr(message, SECRET_OF_ENV) == NULL);
    CHECK(strstr(message, "hidden") == NULL);
    ossmpu_error_free(err);
    ossmpu_client_free(client);
    return status;
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* Creates what the sources read: files, and a public object. */
static void prepare(const char *json, const char *ini) {
    char text[512];
    ossmpu_client *client = new_client();
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_error *err = NULL;
    snprintf(text, sizeof text,
             "[c-test]\ntype = access_key\naccess_key_id = %s\n"
             "access_key_secret = %s\n",
             getenv("OSS_ACCESS_KEY_ID"), SECRET_OF_ENV);
    write_file(ini, text);
    snprintf(text, sizeof text,
             "{\"AccessKeyId\":\"%s\",\"AccessKeySecret\":\"%s\"}",
             getenv("OSS_ACCESS_KEY_ID"), SECRET_OF_ENV);
    write_file(json, text);
    CHECK(!ossmpu_options_add_header(options, "x-oss-object-acl",
                                     "public-read"));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_file(client, BUCKET, "keys.json", json, options,
                                 NULL, NULL, &err),
                 err);
    ossmpu_options_free(options);
    ossmpu_client_free(client);
    /* Nothing of the environment of this test run. */
    CHECK(!setenv("HOME", "/there/is/no/home", 1));
    CHECK(!setenv("ALIBABA_CLOUD_CREDENTIALS_FILE", ini, 1));
    CHECK(!setenv("ALIBABA_CLOUD_STS_ENDPOINT", getenv("OSS_ENDPOINT"), 1));
    CHECK(!setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true", 1));
}

static void check_sources(const char *folder_file) {
    char json[512], ini[512], source[1024], message[2048];
    snprintf(json, sizeof json, "%s keys.json", folder_file);
    snprintf(ini, sizeof ini, "%s keys.ini", folder_file);
    prepare(json, ini);
    CHECK(put_with("env", message, sizeof message) == OSSMPU_OK);
    CHECK(put_with("default", message, sizeof message) == OSSMPU_OK);
    CHECK(put_with("profile:c-test", message, sizeof message) == OSSMPU_OK);
    snprintf(source, sizeof source, "process:cat '%s'", json);
    CHECK(put_with(source, message, sizeof message) == OSSMPU_OK);
    snprintf(source, sizeof source, "uri:%s/" BUCKET "/keys.json",
             getenv("OSS_ENDPOINT"));
    CHECK(put_with(source, message, sizeof message) == OSSMPU_OK);

    CHECK(put_with("anonymous", message, sizeof message) == OSSMPU_ESERVICE);
    CHECK(put_with("profile", message, sizeof message) == OSSMPU_ECREDENTIALS);
    CHECK(strstr(message, "keys.ini") != NULL);
    CHECK(put_with("process:false hidden", message, sizeof message) ==
          OSSMPU_ECREDENTIALS);
    CHECK(strstr(message, "status 1") != NULL);
    snprintf(source, sizeof source, "uri:%s/" BUCKET "/hidden",
             getenv("OSS_ENDPOINT"));
    CHECK(put_with(source, message, sizeof message) == OSSMPU_ECREDENTIALS);
    /* The emulator has no roles. */
    CHECK(put_with("assume-role:acs:ram::1:role/c-test", message,
                   sizeof message) == OSSMPU_ECREDENTIALS);
    CHECK(strstr(message, "STS refused") != NULL);
}

static void check_texts(void) {
    static const struct {
        const char *source;
        int status;
    } texts[] = {
        {"ecs", OSSMPU_ECREDENTIALS},
        {"ecs:hidden", OSSMPU_ECREDENTIALS},
        {"oidc", OSSMPU_ECREDENTIALS},
        {"profile:hidden", OSSMPU_OK},
        {"", OSSMPU_EUNSUPPORTED},
        {"hidden", OSSMPU_EUNSUPPORTED},
        {"vault:hidden", OSSMPU_EUNSUPPORTED},
        {"ENV", OSSMPU_EUNSUPPORTED},
        {"env:hidden", OSSMPU_EUNSUPPORTED},
        {"process", OSSMPU_EUNSUPPORTED},
        {"process:", OSSMPU_EINVAL},
        {"process:cat 'hidden", OSSMPU_EINVAL},
        {"uri:http://hidden.example/", OSSMPU_EINVAL},
        {"assume-role:hidden", OSSMPU_EINVAL},
        {"profile:", OSSMPU_EINVAL},
    };
    size_t i;
    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ossmpu_config *config;
        CHECK(set_source(&config, texts[i].source) == texts[i].status);
        ossmpu_config_free(config);
    }
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    check_keys_and_log();
    check_refusal(give_keys, -7, "returned -7");
    check_refusal(say_nothing, 0, "without setting");
    check_drop_of_failed_setters();
    check_sources(argv[1]);
    check_texts();
    return 0;
}
