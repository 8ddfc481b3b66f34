/* Messages of channels, in the program and over the wire. */
#include "check.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char heard[256];

/* Notes "channel=message;". */
static int note(void *context, const void *channel, size_t channel_len, const void *message, size_t message_len) {
    pthread_mutex_lock(&mutex);
    size_t used = strlen(heard);
    snprintf(heard + used, sizeof heard - used, "%.*s=%.*s;", (int)channel_len, (const char *)channel,
             (int)message_len, (const char *)message);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    return message_len == 4 && memcmp(message, "stop", 4) == 0 && context != NULL;
}

static void wait_for(const char *expected) {
    pthread_mutex_lock(&mutex);
    while (strcmp(heard, expected) != 0) {
        CHECK(strlen(heard) < strlen(expected));
        pthread_cond_wait(&changed, &mutex);
    }
    heard[0] = 0;
    pthread_mutex_unlock(&mutex);
}

static size_t publish(cache_t *cache, const char *channel, const char *message) {
    size_t receivers = 99;
    OK(cache_publish(cache, channel, strlen(channel), message, strlen(message), &receivers));
    return receivers;
}

int main(void) {
    cache_t *cache = open_in_memory();
    CHECK(publish(cache, "news", "nobody") == 0);
    const void *channels[] = {"news", "other"}, *patterns[] = {"n*"};
    size_t channel_lens[] = {4, 5}, pattern_lens[] = {2};
    cache_subscription *both, *stops;
    OK(cache_subscribe(cache, 2, channels, channel_lens, 1, patterns, pattern_lens, note, NULL, &both));
    CHECK(publish(cache, "news", "a") == 2 && publish(cache, "other", "b") == 1 && publish(cache, "nine", "c") == 1);
    wait_for("news=a;news=a;other=b;nine=c;");

    /* A publisher on the wire. */
    cache_server *server;
    OK(cache_serve(cache, "127.0.0.1:0", NULL, NULL, &server));
    struct sockaddr_in to = {.sin_family = AF_INET};
    to.sin_port = htons((uint16_t)atoi(cache_server_resp(server) + strlen("127.0.0.1:")));
    CHECK(inet_pton(AF_INET, "127.0.0.1", &to.sin_addr) == 1);
    int wire = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(wire, (struct sockaddr *)&to, sizeof to) == 0);
    CHECK(write(wire, "PUBLISH other wire\r\n", 20) == 20);
    char answer[8] = {0};
    CHECK(read(wire, answer, sizeof answer - 1) == 4 && strcmp(answer, ":1\r\n") == 0);
    wait_for("other=wire;");
    close(wire);
    OK(cache_server_stop(server));

    OK(cache_unsubscribe(both));
    CHECK(publish(cache, "news", "late") == 0);

    /* A callback that has heard enough; and one that is still there when the cache closes. */
    OK(cache_subscribe(cache, 1, channels, channel_lens, 0, NULL, NULL, note, &stops, &stops));
    CHECK(publish(cache, "news", "stop") == 1);
    wait_for("news=stop;");
    while (publish(cache, "news", "more") != 0) {
    }
    OK(cache_unsubscribe(stops));
    OK(cache_subscribe(cache, 1, channels, channel_lens, 0, NULL, NULL, note, NULL, &both));
    EXPECT(CACHE_ERR_MISUSE, cache_subscribe(cache, 0, NULL, NULL, 0, NULL, NULL, note, NULL, &stops));
    EXPECT(CACHE_ERR_MISUSE, cache_subscribe(cache, 1, channels, channel_lens, 0, NULL, NULL, NULL, NULL, &stops));
    OK(cache_close(cache));
    OK(cache_unsubscribe(both));
    return 0;
}
