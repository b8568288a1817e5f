#pragma once

#include "receiver.h"

struct connection {
    int socket;
    enum receiver_kind kind;
    const char *folder;
};

// Serves requests until the client ends the connection or sends what cannot be read; then closes the socket.
void connection_serve(const struct connection *connection);
