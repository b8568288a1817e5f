/// A page that uploads to another origin than its own, and tells its own what it could read of the answers.
enum BrowserPage {
    static let sizeBytes = 5 << 20

    /// - Parameter order: `gateway`, its address, and `key`.
    static func html(_ order: JSON) throws -> String {
        """
        <!doctype html><meta charset="utf-8"><title>uploads</title>
        <script>const order = \(try order.encoded), size = \(sizeBytes);</script><script>\(script)</script>
        """
    }

    private static let script = """
        const key = { "X-API-Key": order.key }, tus = { "Tus-Resumable": "1.0.0" };
        const bytes = new Uint8Array(size);
        for (let i = 0; i < size; i += 1) bytes[i] = i * 31 + (i >> 12) * 7;
        // The first box of an mp4.
        bytes.set([0, 0, 0, 16, ...new TextEncoder().encode("ftypisom"), 0, 0, 2, 0]);
        const film = new Blob([bytes], { type: "video/mp4" });

        // One that is cut ends with its first sign of progress and has no answer.
        function send(method, url, fields, body, isCut) {
            return new Promise((resolve, reject) => {
                const request = new XMLHttpRequest();
                request.open(method, url);
                for (const [name, value] of Object.entries(fields)) request.setRequestHeader(name, value);
                if (isCut) request.upload.onprogress = () => request.abort();
                request.onabort = () => resolve(null);
                request.onerror = () => reject(new Error(`${method} ${url} failed`));
                request.onload = () => resolve({
                    status: request.status, text: request.responseText, field: (name) => request.getResponseHeader(name) });
                request.send(body);
            });
        }

        async function ask(method, path, content) {
            const fields = content ? { ...key, "Content-Type": "application/json" } : key;
            return (await fetch(order.gateway + path, { method, headers: fields, body: JSON.stringify(content) })).json();
        }

        async function isWhole(accessURL) {
            const copy = new Uint8Array(await (await fetch(accessURL)).arrayBuffer());
            return copy.length === size && copy.every((byte, index) => byte === bytes[index]);
        }

        async function isFile(url) {
            return isWhole((await ask("GET", `/api/v1/uploads/${new URL(url).pathname.split("/")[2]}`)).accessUrl);
        }

        function append(url, fields, offset, content, isCut) {
            const method = "X-HTTP-Method-Override" in fields ? "POST" : "PATCH";
            return send(method, url, {
                ...fields, "Upload-Offset": offset, "Content-Type": "application/offset+octet-stream" }, content, isCut);
        }

        // tus, with a break in the middle.
        async function broken(endpoint, right, way = {}) {
            const created = await send("POST", endpoint, {
                ...tus, ...right, "Upload-Length": size, "Upload-Metadata": "filename ZmlsbS5tcDQ=" });
            const url = created.field("Location"), look = () => send("HEAD", url, { ...tus, ...right });
            await append(url, { ...tus, ...right, ...way }, 0, film, true);
            const offset = Number((await look()).field("Upload-Offset"));
            if (offset < size) await append(url, { ...tus, ...right, ...way }, offset, film.slice(offset), false);
            const end = await look();
            return [created.status, end.status, end.field("Upload-Offset"), end.field("Upload-Metadata"), await isFile(url)];
        }

        async function joined() {
            const half = size / 2, fields = { ...tus, ...key }, endpoint = `${order.gateway}/files/`;
            const pieces = await Promise.all([0, half].map(async (offset) => {
                const created = await send("POST", endpoint, { ...fields, "Upload-Concat": "partial", "Upload-Length": half });
                const url = created.field("Location");
                await append(url, fields, 0, film.slice(offset, offset + half), false);
                return url;
            }));
            const whole = await send("POST", endpoint, { ...fields, "Upload-Concat": `final;${pieces.join(" ")}` });
            const url = whole.field("Location");
            let end;
            do end = await send("HEAD", url, fields); while (end.field("Upload-Offset") === null);
            return [whole.status, end.field("Upload-Offset"), await isFile(url)];
        }

        async function signed() {
            const link = await ask("GET", "/api/media/uploadUrl?fileName=film.mp4"), type = { "Content-Type": link.contentType };
            const first = await send("PUT", link.uploadUrl, type, film);
            const second = await send("PUT", link.uploadUrl, type, film);
            return [
                first.status, first.field("ETag") !== null, first.field("Repr-Digest") !== null, await isWhole(link.accessUrl),
                second.status, JSON.parse(second.text).code];
        }

        async function granted() {
            const grant = await ask("POST", "/api/v1/grants", { protocol: "tus", fileName: "film.mp4" });
            return broken(grant.uploadUrl, {});
        }

        // Resumable Uploads for HTTP, interop version 6.
        async function resumable() {
            const half = size / 2, fields = { ...key, "Upload-Draft-Interop-Version": "6" };
            const created = await send("POST", `${order.gateway}/uploads/`, {
                ...fields, "Upload-Complete": "?0", "Content-Type": "video/mp4",
                "Content-Disposition": "attachment; filename=film.mp4" }, film.slice(0, half));
            const url = created.field("Location"), standing = await send("HEAD", url, fields);
            const end = await send("PATCH", url, {
                ...fields, "Upload-Complete": "?1", "Upload-Offset": half, "Content-Type": "application/partial-upload" },
                film.slice(half));
            return [created.status, standing.field("Upload-Offset"), end.status, await isFile(url)];
        }

        // What is refused before it has come is refused with a word.
        async function refused() {
            const answer = await send("POST", `${order.gateway}/files/`, {
                ...tus, "X-API-Key": "wrong", "Upload-Length": size, "Content-Type": "application/offset+octet-stream" }, film);
            return [answer.status, answer.text.split(":")[0]];
        }

        async function work() {
            const endpoint = `${order.gateway}/files/`, rows = {
                broken: () => broken(endpoint, key), joined, signed, granted, resumable, refused,
                disguised: () => broken(endpoint, { Authorization: `Bearer ${order.key}` }, { "X-HTTP-Method-Override": "PATCH" }),
            };
            const told = {};
            for (const [name, row] of Object.entries(rows)) {
                try { told[name] = await row(); } catch (error) { told[name] = String(error); }
            }
            await fetch("/told", { method: "POST", body: JSON.stringify(told) });
        }

        work();
        """
}
