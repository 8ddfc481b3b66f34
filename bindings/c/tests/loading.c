/* Getting or loading: one thread, or one client of memcached, loads, and the others wait. */
#include "check.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 50 };

static cache_t *cache;
static atomic_int loads;

/* How cache_get_or_lease() answers for a key; `*value` is its value as text, to be freed. */
static cache_status ask(const char *key, const cache_load_options *options, char **value, cache_lease **lease) {
    void *bytes = NULL;
    size_t len = 0;
    cache_status status = cache_get_or_lease(cache, key, strlen(key), options, &bytes, &len, lease);
    CHECK((status == CACHE_OK) == (bytes != NULL) && (status == CACHE_LEASED) == (*lease != NULL));
    CHECK(bytes == NULL || strlen(bytes) == len);
    *value = bytes;
    return status;
}

static cache_lease *lease_of(const char *key, const cache_load_options *options) {
    cache_lease *lease = NULL;
    char *value = NULL;
    EXPECT(CACHE_LEASED, ask(key, options, &value, &lease));
    return lease;
}

static int gives(const char *key, const cache_load_options *options, const char *expected) {
    cache_lease *lease = NULL;
    char *value = NULL;
    OK(ask(key, options, &value, &lease));
    int is_same = strcmp(value, expected) == 0;
    cache_free(value);
    return is_same;
}

static void *load_all(void *unused) {
    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", round);
        cache_lease *lease = NULL;
        char *value = NULL;
        if (ask(key, NULL, &value, &lease) == CACHE_LEASED) {
            loads++;
            CHECK(!holds(cache, key, ""));
            OK(cache_lease_store(lease, "loaded", 6, 60000));
        } else {
            CHECK(strcmp(value, "loaded") == 0);
            cache_free(value);
        }
    }
    return NULL;
}

static void threads_load_once(void) {
    pthread_t threads[THREADS];
    for (int at = 0; at < THREADS; at++) CHECK(pthread_create(&threads[at], NULL, load_all, NULL) == 0);
    for (int at = 0; at < THREADS; at++) CHECK(pthread_join(threads[at], NULL) == 0);
    CHECK(loads == ROUNDS);
}

static void leases_end(void) {
    cache_load_options options = CACHE_LOAD_OPTIONS_INIT;
    options.flags = CACHE_NO_WAIT;
    cache_lease *other = NULL;
    char *value = NULL;
    cache_lease *first = lease_of("a", NULL);
    EXPECT(CACHE_BUSY, ask("a", &options, &value, &other));
    OK(cache_lease_give_back(first));
    first = lease_of("a", &options);
    /* Kept for too long: taken over, and whoever is first stores. */
    options.flags = 0;
    options.wait_ms = 1;
    other = lease_of("a", &options);
    OK(cache_lease_store(first, "first", 5, 0));
    EXPECT(CACHE_NOT_STORED, cache_lease_store(other, "other", 5, 0));
    CHECK(holds(cache, "a", "first"));
    /* Deleted meanwhile. */
    first = lease_of("b", NULL);
    EXPECT(CACHE_NOT_FOUND, cache_delete(cache, "b", 1));
    EXPECT(CACHE_NOT_STORED, cache_lease_store(first, "old", 3, 0));
    /* An error gives the lease back. */
    EXPECT(CACHE_ERR_MISUSE, cache_lease_store(lease_of("b", NULL), "v", 1, -1));
    OK(cache_lease_give_back(lease_of("b", NULL)));
}

static void old_values_serve(void) {
    set(cache, "c", "old");
    OK(cache_invalidate(cache, "c", 1));
    EXPECT(CACHE_NOT_FOUND, cache_invalidate(cache, "none", 4));
    cache_lease *lease = lease_of("c", NULL);
    size_t len = 0;
    CHECK(memcmp(cache_lease_old(lease, &len), "old", 3) == 0 && len == 3);
    CHECK(gives("c", NULL, "old"));
    cache_load_options options = CACHE_LOAD_OPTIONS_INIT;
    options.flags = CACHE_NO_WAIT | CACHE_NO_STALE;
    cache_lease *none = NULL;
    char *value = NULL;
    EXPECT(CACHE_BUSY, ask("c", &options, &value, &none));
    OK(cache_lease_store(lease, "new", 3, 60000));
    CHECK(gives("c", &options, "new"));
    options.early_ms = 100000;
    lease = lease_of("c", &options);
    OK(cache_lease_give_back(lease));
    CHECK(gives("c", NULL, "new"));
}

static void a_client_of_memcached_waits_too(void) {
    cache_server *server = NULL;
    OK(cache_serve(cache, NULL, "127.0.0.1:0", NULL, &server));
    const char *address = cache_server_memcached(server);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1))};
    CHECK(inet_pton(AF_INET, "127.0.0.1", &to.sin_addr) == 1);
    int wire = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(wire >= 0 && connect(wire, (struct sockaddr *)&to, sizeof to) == 0);
    cache_lease *lease = lease_of("d", NULL);
    const char request[] = "mg d v N30\r\n", answer[] = "VA 0 Z\r\n\r\n";
    char input[64];
    CHECK(write(wire, request, sizeof request - 1) == sizeof request - 1);
    CHECK(recv(wire, input, sizeof answer - 1, MSG_WAITALL) == sizeof answer - 1);
    CHECK(memcmp(input, answer, sizeof answer - 1) == 0);
    OK(cache_lease_store(lease, "v", 1, 0));
    close(wire);
    OK(cache_server_stop(server));
}

static void misuse(void) {
    void *value = NULL;
    size_t len = 0;
    cache_lease *lease = NULL;
    EXPECT(CACHE_ERR_MISUSE, cache_get_or_lease(NULL, "k", 1, NULL, &value, &len, &lease));
    EXPECT(CACHE_ERR_MISUSE, cache_get_or_lease(cache, "k", 1, NULL, &value, &len, NULL));
    cache_load_options options = CACHE_LOAD_OPTIONS_INIT;
    options.wait_ms = -1;
    EXPECT(CACHE_ERR_MISUSE, cache_get_or_lease(cache, "k", 1, &options, &value, &len, &lease));
    options.wait_ms = 0;
    options.flags = 64;
    EXPECT(CACHE_ERR_MISUSE, cache_get_or_lease(cache, "k", 1, &options, &value, &len, &lease));
    EXPECT(CACHE_ERR_MISUSE, cache_lease_store(NULL, "v", 1, 0));
    EXPECT(CACHE_ERR_MISUSE, cache_lease_give_back(NULL));
    CHECK(cache_lease_old(NULL, &len) == NULL && len == 0);
    const char *push[] = {"RPUSH", "list", "a"};
    cache_reply *reply = NULL;
    OK(cache_command(cache, 3, push, NULL, &reply));
    cache_reply_free(reply);
    EXPECT(CACHE_ERR_COMMAND, cache_get_or_lease(cache, "list", 4, NULL, &value, &len, &lease));
    CHECK(strcmp(cache_errcode(), "WRONGTYPE") == 0);
}

int main(void) {
    cache = open_in_memory();
    threads_load_once();
    leases_end();
    old_values_serve();
    a_client_of_memcached_waits_too();
    misuse();
    /* A lease is freed after the cache was closed, too. */
    cache_lease *late = lease_of("late", NULL), *later = lease_of("later", NULL);
    OK(cache_close(cache));
    EXPECT(CACHE_ERR_CLOSED, cache_lease_store(late, "v", 1, 0));
    EXPECT(CACHE_ERR_CLOSED, cache_lease_give_back(later));
    return 0;
}
