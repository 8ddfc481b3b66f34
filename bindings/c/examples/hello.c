#include <cache.h>
#include <stdio.h>

int main(void) {
    cache_t *cache;
    if (cache_open(NULL, NULL, &cache) != CACHE_OK) {
        fprintf(stderr, "%s\n", cache_errmsg());
        return 1;
    }
    cache_set(cache, "greeting", 8, "hello", 5, 60000); /* expires after a minute */

    char value[64];
    size_t len;
    if (cache_get(cache, "greeting", 8, value, sizeof value, &len) == CACHE_OK)
        printf("%.*s\n", (int)len, value);

    const char *argv[] = {"GETRANGE", "greeting", "0", "3"}; /* any Redis command */
    cache_reply *reply;
    if (cache_command(cache, 4, argv, NULL, &reply) == CACHE_OK) {
        printf("%s\n", reply->str);
        cache_reply_free(reply);
    }

    cache_server *server; /* redis-cli and memcached clients reach the same data */
    if (cache_serve(cache, "127.0.0.1:0", "127.0.0.1:0", NULL, &server) == CACHE_OK) {
        printf("redis-cli -u redis://%s\n", cache_server_resp(server));
        cache_server_stop(server);
    }
    return cache_close(cache) == CACHE_OK ? 0 : 1;
}
