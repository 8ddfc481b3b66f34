/* Data in a directory: it is there again after closing, after ending without closing, and after being killed. */
#include "check.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static cache_t *open_directory(const char *directory, const char *persist) {
    cache_config config = CACHE_CONFIG_INIT;
    config.persist = persist;
    cache_t *cache = NULL;
    OK(cache_open(directory, &config, &cache));
    return cache;
}

/* Runs `work` in a child and returns how it ended. */
static int in_child(void (*work)(const char *), const char *directory) {
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        work(directory);
        _exit(99);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

static void write_and_exit(const char *directory) {
    set(open_directory(directory, "everysec"), "exited", "yes");
    exit(0);
}

static void write_and_die(const char *directory) {
    cache_t *cache = open_directory(directory, "always");
    for (int i = 0; i < 100; i++) {
        char key[16];
        snprintf(key, sizeof key, "durable:%d", i);
        set(cache, key, "yes");
    }
    kill(getpid(), SIGKILL);
}

static void open_locked(const char *directory) {
    cache_t *cache;
    EXPECT(CACHE_ERR_LOCKED, cache_open(directory, NULL, &cache));
    CHECK(strcmp(cache_errcode(), "LOCKED") == 0);
    exit(0);
}

int main(void) {
    const char *modes[] = {"always", "everysec", "no", "snapshot"};
    for (int mode = 0; mode < 4; mode++) {
        char *directory = new_directory();
        cache_t *cache = open_directory(directory, modes[mode]);
        set(cache, "closed", "yes");
        OK(cache_set(cache, "expiring", 8, "v", 1, 100000));
        OK(cache_flush(cache));
        OK(cache_save(cache));
        set(cache, "later", "yes");
        OK(cache_close(cache));
        cache = open_directory(directory, modes[mode]);
        int64_t left;
        CHECK(holds(cache, "closed", "yes") && holds(cache, "later", "yes"));
        OK(cache_ttl(cache, "expiring", 8, &left));
        CHECK(left > 0 && left <= 100000);

        /* The directory is shared within the process, and closed to others. */
        cache_t *again = open_directory(directory, NULL);
        CHECK(holds(again, "closed", "yes"));
        OK(cache_close(again));
        CHECK(in_child(open_locked, directory) == 0);
        OK(cache_close(cache));
        free(directory);
    }
    char *directory = new_directory();
    CHECK(in_child(write_and_exit, directory) == 0);
    int status = in_child(write_and_die, directory);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    cache_t *cache = open_directory(directory, "everysec");
    CHECK(holds(cache, "exited", "yes") && holds(cache, "durable:0", "yes") && holds(cache, "durable:99", "yes"));
    OK(cache_close(cache));
    cache_t *memory = open_in_memory();
    EXPECT(CACHE_ERR_CONFIG, cache_save(memory));
    OK(cache_close(memory));
    free(directory);
    return 0;
}
