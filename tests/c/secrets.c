/* Log lines at DEBUG and the texts of errors contain no secret, token, password
 * or signature. */
#include "check.h"

#define PLANTED "plantedSecret0f83Qm1"
#define TOKEN "plantedToken/CAIS+gw1q6Ft5B2y=="
#define TOKEN_IN_URL "CAIS%2Bgw1q6Ft5B2y%3D%3D"
#define PASSWORD "plantedPassw0rd"
#define PART 102400

typedef struct {
    int texts;
    int found;
    int redacted;
} Heard;

/* True if a text contains a signature that the service would accept. */
static int has_signature(const char *text) {
    const char *at;
    for (at = strstr(text, "ignature="); at != NULL;
         at = strstr(at + 1, "ignature=")) {
        if (strncmp(at, "ignature=***", 12) != 0)
            return 1;
    }
    return 0;
}

static void hear(Heard *heard, const char *text) {
    const char *secrets[] = {PLANTED, TOKEN, TOKEN_IN_URL, PASSWORD, NULL};
    size_t i;
    secrets[4] = getenv("OSS_ACCESS_KEY_SECRET");
    heard->texts++;
    heard->redacted += strstr(text, "Authorization: ***") != NULL;
    heard->found += has_signature(text);
    for (i = 0; i < sizeof secrets / sizeof *secrets; i++)
        heard->found += strstr(text, secrets[i]) != NULL;
}

static void log_line(void *user, int level, const char *line) {
    (void)level;
    hear(user, line);
}

/* A call that must fail, and every text of its error. */
static void hear_error(Heard *heard, int status, ossmpu_error *err) {
    int field;
    CHECK(status < 0 && err != NULL);
    hear(heard, ossmpu_error_message(err));
    for (field = OSSMPU_ERRINFO_OPERATION; field <= OSSMPU_ERRINFO_CAUSE;
         field++)
        hear(heard, ossmpu_error_str(err, field));
    ossmpu_error_free(err);
}

static ossmpu_client *client(Heard *heard, int signature, const char *secret,
                             const char *token, const char *proxy) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *made = NULL;
    ossmpu_error *err = NULL;
    CHECK(!ossmpu_config_set_env(config));
    CHECK(!ossmpu_config_set_keys(config, getenv("OSS_ACCESS_KEY_ID"), secret,
                                  token));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_SIGNATURE, signature));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_MAX_ATTEMPTS, 1));
    CHECK(!ossmpu_config_set_log_fn(config, OSSMPU_LOG_DEBUG, log_line, heard,
                                    NULL));
    if (proxy != NULL)
        CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_PROXY, proxy));
    CHECK_STATUS(OSSMPU_OK, ossmpu_client_new(config, &made, &err), err);
    ossmpu_config_free(config);
    return made;
}

static void put(Heard *heard, const ossmpu_client *client) {
    ossmpu_error *err = NULL;
    int status = ossmpu_put_data(client, BUCKET, "secrets", "x", 1, NULL, NULL,
                                 NULL, &err);
    hear_error(heard, status, err);
}

static void successes(Heard *heard, int signature) {
    ossmpu_client *owner = client(heard, signature,
                                  getenv("OSS_ACCESS_KEY_SECRET"), NULL, NULL);
    ossmpu_options *options = in_parts();
    unsigned char *data = some_bytes(3 * PART);
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(owner, BUCKET, "secrets", data, 3 * PART,
                                 options, NULL, NULL, &err),
                 err);
    free(data);
    ossmpu_options_free(options);
    ossmpu_client_free(owner);
}

/* The URL is refused, because the upload does not exist. */
static void presigned(Heard *heard, int signature) {
    ossmpu_client *owner = client(heard, signature, PLANTED, TOKEN, NULL);
    ossmpu_result *url = NULL;
    ossmpu_error *err = NULL;
    const char *text;
    int status;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_presign(owner, OSSMPU_PRESIGN_UPLOAD_PART, BUCKET,
                                "secrets", "none", 1, 60, NULL, NULL, &url,
                                &err),
                 err);
    text = ossmpu_result_str(url, OSSMPU_RESULT_URL);
    CHECK(has_signature(text) && strstr(text, TOKEN_IN_URL) != NULL);
    status = ossmpu_put_part_url(owner, text, "x", 1, NULL, NULL, NULL, &err);
    hear_error(heard, status, err);
    status = ossmpu_put_part_url(owner, text + 1, "x", 1, NULL, NULL, NULL,
                                 &err);
    hear_error(heard, status, err);
    ossmpu_result_free(url);
    ossmpu_client_free(owner);
}

static void failures(Heard *heard, int signature) {
    ossmpu_client *wrong = client(heard, signature, PLANTED, NULL, NULL);
    ossmpu_client *stale = client(heard, signature, PLANTED, TOKEN, NULL);
    ossmpu_client *behind =
        client(heard, signature, PLANTED, TOKEN,
               "http://user:" PASSWORD "@127.0.0.1:1");
    put(heard, wrong);
    put(heard, stale);
    put(heard, behind);
    ossmpu_client_free(wrong);
    ossmpu_client_free(stale);
    ossmpu_client_free(behind);
}

static void bad_settings(Heard *heard) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *made = NULL;
    ossmpu_error *err = NULL;
    int status;
    CHECK(ossmpu_config_set_keys(config, "id", PLANTED "\n", TOKEN) ==
          OSSMPU_EINVAL);
    status = ossmpu_client_new(config, &made, &err);
    hear_error(heard, status, err);
    ossmpu_config_free(config);
    config = ossmpu_config_new();
    CHECK(!ossmpu_config_set_keys(config, "id", PLANTED, TOKEN));
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_PROXY,
                                 "ftp://user:" PASSWORD "@h"));
    status = ossmpu_client_new(config, &made, &err);
    hear_error(heard, status, err);
    ossmpu_config_free(config);
}

int main(void) {
    int signatures[] = {4, 1};
    size_t i;
    Heard heard = {0, 0, 0};
    Heard control = {0, 0, 0};
    for (i = 0; i < 2; i++) {
        successes(&heard, signatures[i]);
        presigned(&heard, signatures[i]);
        failures(&heard, signatures[i]);
    }
    bad_settings(&heard);
    CHECK(heard.found == 0);
    CHECK(heard.texts > 100 && heard.redacted > 10);
    /* Checks that the search works. */
    hear(&control, "a" TOKEN);
    hear(&control, getenv("OSS_ACCESS_KEY_SECRET"));
    hear(&control, "x-oss-signature=***&Signature=ab");
    CHECK(control.found == 3);
    return 0;
}
