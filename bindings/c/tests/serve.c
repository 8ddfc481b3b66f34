/* An open cache on the network: both protocols see what the program sees. */
#include "check.h"
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Connects to "127.0.0.1:PORT". */
static int connect_to(const char *address) {
    CHECK(address != NULL && strncmp(address, "127.0.0.1:", 10) == 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(address + 10))};
    CHECK(inet_pton(AF_INET, "127.0.0.1", &to.sin_addr) == 1);
    int socket_ = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(socket_ >= 0 && connect(socket_, (struct sockaddr *)&to, sizeof to) == 0);
    return socket_;
}

/* Sends a request and checks that the answer is exactly `expected`. */
static void converse(int socket_, const char *request, const char *expected) {
    char answer[256] = {0};
    size_t got = 0;
    CHECK(write(socket_, request, strlen(request)) == (ssize_t)strlen(request));
    while (got < strlen(expected)) {
        ssize_t more = read(socket_, answer + got, sizeof answer - 1 - got);
        CHECK(more > 0);
        got += (size_t)more;
    }
    CHECK(strcmp(answer, expected) == 0);
}

int main(void) {
    cache_t *cache = open_in_memory();
    set(cache, "shared", "data");
    cache_server *server;
    OK(cache_serve(cache, "127.0.0.1:0", "127.0.0.1:0", NULL, &server));
    int resp = connect_to(cache_server_resp(server));
    converse(resp, "PING\r\n", "+PONG\r\n");
    converse(resp, "*2\r\n$3\r\nGET\r\n$6\r\nshared\r\n", "$4\r\ndata\r\n");
    int memcached = connect_to(cache_server_memcached(server));
    converse(memcached, "set m 0 0 2\r\nhi\r\n", "STORED\r\n");
    CHECK(holds(cache, "m", "hi"));
    converse(memcached, "get shared\r\n", "VALUE shared 0 4\r\ndata\r\nEND\r\n");
    OK(cache_server_stop(server));
    char byte;
    CHECK(read(resp, &byte, 1) <= 0);
    CHECK(holds(cache, "shared", "data"));
    close(resp);
    close(memcached);

    /* A socket of the file system; and closing the cache ends the server. */
    char address[64];
    snprintf(address, sizeof address, "unix:./serve-%d.sock", (int)getpid());
    OK(cache_serve(cache, address, NULL, NULL, &server));
    CHECK(cache_server_memcached(server) == NULL && strcmp(cache_server_resp(server), address) == 0);
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strcpy(to.sun_path, address + 5);
    resp = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(connect(resp, (struct sockaddr *)&to, sizeof to) == 0);
    converse(resp, "GET m\r\n", "$2\r\nhi\r\n");
    OK(cache_close(cache));
    CHECK(read(resp, &byte, 1) <= 0);
    OK(cache_server_stop(server));
    close(resp);
    return 0;
}
