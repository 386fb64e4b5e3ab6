/* A plug-in that contains the static library and exports only its own function. */
#include <ossmpu.h>

int plug_in_upload(const ossmpu_client *client, const char *path);

int plug_in_upload(const ossmpu_client *client, const char *path) {
    return ossmpu_put_file(client, "ossmpu-test", "plug-in", path, NULL, NULL,
                           NULL, NULL);
}
