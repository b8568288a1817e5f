#define _GNU_SOURCE // EPOLL_CLOEXEC

#include "failure.h"
#include "run.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { events_per_wait = 512 };

// A transfer after the other, on one easy handle.
struct transfer {
    struct curl_client *client;
    CURL *easy;
    size_t index; // of the request
    uint64_t read; // bytes of body that libcurl has taken
    int64_t begun;
    struct curl_slist *headers;
};

struct curl_client {
    struct run *run;
    CURLM *multi;
    int poll;
    int64_t due; // when libcurl wants to be called; -1: not by the time
    struct transfer *transfers;
    size_t next_request;
    size_t finished;
};

static void check(CURLcode code, const char *what) {
    if (code != CURLE_OK) {
        fail(0, "%s: %s", what, curl_easy_strerror(code));
    }
}

static void check_multi(CURLMcode code, const char *what) {
    if (code != CURLM_OK) {
        fail(0, "%s: %s", what, curl_multi_strerror(code));
    }
}

static size_t read_body(char *bytes, size_t size, size_t count, void *context) {
    struct transfer *transfer = context;
    const struct run *run = transfer->client->run;
    const struct body *body = &run->list.requests[transfer->index].body;
    size_t room = size * count;
    size_t done = 0;
    while (done < room && transfer->read < body->length) {
        size_t there;
        const char *piece = body_piece(&run->source, body, transfer->read, &there);
        there = there < room - done ? there : room - done;
        memcpy(bytes + done, piece, there);
        transfer->read += there;
        done += there;
    }
    return done;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context) {
    struct transfer *transfer = context;
    statistics_received(&transfer->client->run->statistics, transfer->index, bytes, size * count);
    return size * count;
}

// libcurl tells which sockets it waits for, and for what.
static int watch(CURL *easy, curl_socket_t socket, int what, void *context, void *known) {
    (void)easy;
    struct curl_client *client = context;
    if (what == CURL_POLL_REMOVE) {
        // It may be closed already, which has removed it.
        epoll_ctl(client->poll, EPOLL_CTL_DEL, socket, NULL);
        return 0;
    }
    struct epoll_event event = {.data.fd = socket};
    event.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0);
    if (epoll_ctl(client->poll, known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) < 0) {
        fail(errno, "cannot watch a socket");
    }
    check_multi(curl_multi_assign(client->multi, socket, client), "curl_multi_assign");
    return 0;
}

static int set_timer(CURLM *multi, long milliseconds, void *context) {
    (void)multi;
    struct curl_client *client = context;
    client->due = milliseconds < 0 ? -1 : nanoseconds_now() + milliseconds * INT64_C(1000000);
    return 0;
}

// Large buffers where there are few connections; with ten thousand they would be the memory of the machine.
static long buffer_size(const struct run *run) {
    long share = (256L << 20) / (long)run->connections;
    long most = run->rate > 0 ? 16 << 10 : 1 << 20;
    return share > most ? most : share < 16 << 10 ? 16 << 10 : share;
}

static void set_lasting_options(struct transfer *transfer) {
    const struct run *run = transfer->client->run;
    CURL *easy = transfer->easy;
    long size = buffer_size(run);
    check(curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer), "CURLOPT_PRIVATE");
    check(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L), "CURLOPT_NOSIGNAL");
    check(curl_easy_setopt(easy, CURLOPT_PROXY, ""), "CURLOPT_PROXY");
    check(curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L), "CURLOPT_PATH_AS_IS");
    check(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1), "CURLOPT_HTTP_VERSION");
    check(curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_body), "CURLOPT_READFUNCTION");
    check(curl_easy_setopt(easy, CURLOPT_READDATA, transfer), "CURLOPT_READDATA");
    check(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body), "CURLOPT_WRITEFUNCTION");
    check(curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer), "CURLOPT_WRITEDATA");
    check(curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, size), "CURLOPT_UPLOAD_BUFFERSIZE");
    check(curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, size > 512 << 10 ? 512L << 10 : size), "CURLOPT_BUFFERSIZE");
    if (run->rate > 0) {
        check(curl_easy_setopt(easy, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)run->rate), "CURLOPT_MAX_SEND_SPEED");
    }
}

static void set_body(CURL *easy, const struct request *request) {
    // The method is written by CUSTOMREQUEST; these say only whether bodies are sent and expected.
    if (request_tells_length(request)) {
        check(curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L), "CURLOPT_UPLOAD");
        check(curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body.length), "CURLOPT_INFILESIZE");
    } else {
        check(curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L), "CURLOPT_HTTPGET");
        check(curl_easy_setopt(easy, CURLOPT_NOBODY, request->is_head ? 1L : 0L), "CURLOPT_NOBODY");
    }
}

static struct curl_slist *append(struct curl_slist *list, const char *header) {
    struct curl_slist *longer = curl_slist_append(list, header);
    if (longer == NULL) {
        fail(0, "no memory for a header");
    }
    return longer;
}

// Takes the next request of the list, if there is one.
static void begin(struct transfer *transfer) {
    struct curl_client *client = transfer->client;
    const struct run *run = client->run;
    if (client->next_request == run->list.count) {
        return;
    }
    transfer->index = client->next_request++;
    transfer->read = 0;
    const struct request *request = &run->list.requests[transfer->index];

    char *url;
    if (asprintf(&url, "http://%s:%u%s", run->host, run->port, request->target) < 0) {
        fail(0, "no memory for a URL");
    }
    check(curl_easy_setopt(transfer->easy, CURLOPT_URL, url), "CURLOPT_URL");
    free(url);

    set_body(transfer->easy, request);
    check(curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST, request->method), "CURLOPT_CUSTOMREQUEST");
    // Without it libcurl would wait a second for servers that do not know it.
    transfer->headers = append(NULL, "Expect:");
    for (const char *const *header = request->headers; *header != NULL; header++) {
        transfer->headers = append(transfer->headers, *header);
    }
    check(curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers), "CURLOPT_HTTPHEADER");
    transfer->begun = nanoseconds_now();
    check_multi(curl_multi_add_handle(client->multi, transfer->easy), "curl_multi_add_handle");
}

static void end(struct transfer *transfer, CURLcode result) {
    struct curl_client *client = transfer->client;
    struct statistics *statistics = &client->run->statistics;
    int64_t duration = nanoseconds_now() - transfer->begun;
    long status = 0;
    curl_off_t sent = 0;
    check(curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status), "CURLINFO_RESPONSE_CODE");
    check(curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent), "CURLINFO_SIZE_UPLOAD_T");
    statistics->bytes_sent += sent;
    // The connection may break while the rest of a body is sent that was refused; the answer stands nevertheless.
    if (result == CURLE_OK || (result == CURLE_SEND_ERROR && status >= 300)) {
        statistics_answered(statistics, transfer->index, status, duration);
    }
    client->finished++;
    check_multi(curl_multi_remove_handle(client->multi, transfer->easy), "curl_multi_remove_handle");
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
}

static void take_finished(struct curl_client *client) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        struct transfer *transfer;
        check(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer), "CURLINFO_PRIVATE");
        end(transfer, message->data.result);
        begin(transfer);
    }
}

static void act(struct curl_client *client, curl_socket_t socket, int events) {
    int running;
    check_multi(curl_multi_socket_action(client->multi, socket, events, &running), "curl_multi_socket_action");
}

static void act_on_time(struct curl_client *client) {
    if (client->due >= 0 && client->due <= nanoseconds_now()) {
        client->due = -1;
        act(client, CURL_SOCKET_TIMEOUT, 0);
        take_finished(client);
    }
}

static void act_on_events(struct curl_client *client, int64_t deadline) {
    struct epoll_event events[events_per_wait];
    int64_t due = client->due >= 0 && client->due < deadline ? client->due : deadline;
    int64_t left = due - nanoseconds_now();
    int count = epoll_wait(client->poll, events, events_per_wait, left <= 0 ? 0 : (int)(left / 1000000 + 1));
    if (count < 0 && errno != EINTR) {
        fail(errno, "cannot wait for events");
    }
    for (int index = 0; index < count; index++) {
        uint32_t happened = events[index].events;
        int action = ((happened & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0)
            | ((happened & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0)
            | ((happened & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
        act(client, events[index].data.fd, action);
    }
    take_finished(client);
}

static void make_client(struct curl_client *client, struct run *run) {
    *client = (struct curl_client){.run = run, .due = -1};
    check(curl_global_init(CURL_GLOBAL_DEFAULT), "curl_global_init");
    client->multi = curl_multi_init();
    client->poll = epoll_create1(EPOLL_CLOEXEC);
    if (client->multi == NULL || client->poll < 0) {
        fail(errno, "cannot make a multi handle");
    }
    long most = run->connections;
    check_multi(curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, watch), "CURLMOPT_SOCKETFUNCTION");
    check_multi(curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client), "CURLMOPT_SOCKETDATA");
    check_multi(curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer), "CURLMOPT_TIMERFUNCTION");
    check_multi(curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client), "CURLMOPT_TIMERDATA");
    check_multi(curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, most), "CURLMOPT_MAXCONNECTS");
    check_multi(
        curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, most), "CURLMOPT_MAX_TOTAL_CONNECTIONS");
    client->transfers = allocate(run->connections, sizeof *client->transfers);
    for (size_t index = 0; index < run->connections; index++) {
        struct transfer *transfer = &client->transfers[index];
        transfer->client = client;
        transfer->easy = curl_easy_init();
        if (transfer->easy == NULL) {
            fail(0, "no memory for an easy handle");
        }
        set_lasting_options(transfer);
    }
}

static void destroy_client(struct curl_client *client) {
    for (size_t index = 0; index < client->run->connections; index++) {
        struct transfer *transfer = &client->transfers[index];
        // It is still there if the time limit struck, and removing one that is not does nothing.
        curl_multi_remove_handle(client->multi, transfer->easy);
        curl_easy_cleanup(transfer->easy);
        curl_slist_free_all(transfer->headers);
    }
    curl_multi_cleanup(client->multi);
    curl_global_cleanup();
    close(client->poll);
    free(client->transfers);
}

bool curl_client_run(struct run *run) {
    struct curl_client client;
    make_client(&client, run);
    statistics_start(&run->statistics);
    int64_t deadline = run->statistics.begun + run->time_limit;
    for (size_t index = 0; index < run->connections; index++) {
        begin(&client.transfers[index]);
    }
    while (client.finished < run->list.count && nanoseconds_now() < deadline) {
        act_on_time(&client);
        if (client.finished < run->list.count) {
            act_on_events(&client, deadline);
        }
    }
    statistics_stop(&run->statistics);
    bool has_ended = client.finished == run->list.count;
    destroy_client(&client);
    return has_ended;
}
