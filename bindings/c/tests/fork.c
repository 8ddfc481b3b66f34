/* A forked child is told that the cache is its parent's, may open one of its own, and does not disturb the parent. */
#include "check.h"
#include <sys/wait.h>
#include <unistd.h>

static void in_child(cache_t *cache, const char *directory) {
    size_t len;
    EXPECT(CACHE_ERR_FORKED, cache_get(cache, "k", 1, NULL, 0, &len));
    EXPECT(CACHE_ERR_FORKED, cache_set(cache, "k", 1, "child", 5, 0));
    EXPECT(CACHE_ERR_FORKED, cache_close(cache));
    CHECK(strcmp(cache_errcode(), "FORKED") == 0 && strstr(cache_errmsg(), "fork") != NULL);
    cache_t *own = open_in_memory();
    set(own, "k", "child");
    CHECK(holds(own, "k", "child"));
    OK(cache_close(own));
    cache_t *taken;
    EXPECT(CACHE_ERR_LOCKED, cache_open(directory, NULL, &taken));
}

int main(void) {
    char *directory = new_directory();
    cache_t *cache;
    OK(cache_open(directory, NULL, &cache));
    set(cache, "k", "parent");
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        in_child(cache, directory);
        /* Ends as programs end, with exit handlers. */
        exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(holds(cache, "k", "parent"));
    set(cache, "k", "after");
    OK(cache_close(cache));
    OK(cache_open(directory, NULL, &cache));
    CHECK(holds(cache, "k", "after"));
    OK(cache_close(cache));
    free(directory);
    return 0;
}
