/// The examples of the document of the gallery API, in its order. `...` stands for the base64 of a file.
extension DocumentExample {
    /// `POST /media/upload`: an image goes to the gallery, and its name and description with it.
    static let galleryUploads: [DocumentExample] = [
        DocumentExample(
            document: "ayrshare POST /media/upload", language: .curl,
            text: #"""
                curl \
                -H "Authorization: Bearer API_KEY" \
                -H 'Content-Type: application/json' \
                -d '{"file": "...", "fileName": "test.png", "description": "best image"}' \
                -X POST https://app.ayrshare.com/api/media/upload
                """#),
        DocumentExample(
            document: "ayrshare POST /media/upload", language: .node,
            text: #"""
                const fetch = require("node-fetch");
                const API_KEY = "API_KEY";
                const base64 = "...";
                fetch("https://app.ayrshare.com/api/media/upload", {
                method: "POST",
                headers: {
                "Content-Type": "application/json",
                "Authorization": `Bearer ${API_KEY}`
                },
                body: JSON.stringify({
                file: base64,
                fileName: "test.png",
                description: "best image"
                }),
                })
                .then((res) => res.json())
                .then((json) => console.log(json))
                .catch(console.error);
                """#,
            port: uploadPort),
        DocumentExample(
            document: "ayrshare POST /media/upload", language: .python,
            text: #"""
                import requests
                payload = {'file': '...',
                'fileName': "test.png",
                'description': "best image"}
                headers = {'Content-Type': 'application/json',
                'Authorization': 'Bearer API_KEY'}
                r = requests.post('https://app.ayrshare.com/api/media/upload',
                json=payload,
                headers=headers)
                print(r.json())
                """#),
        DocumentExample(
            document: "ayrshare POST /media/upload", language: .php,
            text: #"""
                <?php
                require 'vendor/autoload.php';// Composer auto-loader using Guzzle. See \#
                https://docs.guzzlephp.org/en/stable/overview.html
                $client = new GuzzleHttp\Client();
                $res = $client->request(
                'POST',
                'https://app.ayrshare.com/api/media/upload',
                [
                'headers' => [
                'Content-Type' => 'application/json',
                'Authorization' => 'Bearer API_KEY'
                ],
                'file' => '...',
                'fileName' => "test.png",
                'description' => "best image"
                ]
                );
                echo json_encode(json_decode($res->getBody()), JSON_PRETTY_PRINT);
                """#,
            port: uploadPort),
    ]

    /// The PHP of the document names `file` and the others beside the headers, where its client looks for options of
    /// its own, so that no body would be sent; this is what it means.
    private static let uploadPort = #"""
        curl -H "Authorization: Bearer API_KEY" -H 'Content-Type: application/json' \
        -d '{"file": "...", "fileName": "test.png", "description": "best image"}' \
        -X POST https://app.ayrshare.com/api/media/upload
        """#

    /// `GET /media/uploadUrl`: a link for one large file. In a shell the `&` of the first one ends the command: what is
    /// behind it never reaches the gateway.
    static let uploadURLs: [DocumentExample] = [
        DocumentExample(
            document: "ayrshare GET /media/uploadUrl", language: .curl,
            text: #"""
                curl \
                -H "Authorization: Bearer [API Key]" \
                -X GET https://app.ayrshare.com/api/media/uploadUrl?fileName=test.mov&contentType=mov
                """#),
        DocumentExample(
            document: "ayrshare GET /media/uploadUrl", language: .node,
            text: #"""
                const fetch = require("node-fetch");
                const API_KEY = "Your API Key";
                fetch("https://app.ayrshare.com/api/media/uploadUrl?fileName=test.mov&contentType=mov", {
                method: "GET",
                headers: {
                "Authorization": `Bearer ${API_KEY}`
                }
                })
                .then((res) => res.json())
                .then((json) => console.log(json))
                .catch(console.error);
                """#,
            port: uploadURLPort),
        DocumentExample(
            document: "ayrshare GET /media/uploadUrl", language: .python,
            text: #"""
                import requests
                headers = {'Authorization': 'Bearer [API_KEY]'}
                r = \#
                requests.get('https://app.ayrshare.com/api/media/uploadUrl?fileName=test.mov&contentType=mov', headers=headers)
                print(r.json())
                """#),
        DocumentExample(
            document: "ayrshare GET /media/uploadUrl", language: .php,
            text: #"""
                <?php
                require 'vendor/autoload.php'; // Composer auto-loader using Guzzle. See \#
                https://docs.guzzlephp.org/en/stable/overview.html
                $client = new GuzzleHttp\Client();
                $res = $client->request(
                'GET',
                'https://app.ayrshare.com/api/media/uploadUrl?fileName=test.mov&contentType=mov',
                [
                'headers' => [
                'Content-Type' => 'application/json',
                'Authorization' => 'Bearer API_KEY'
                ]
                ]
                );
                echo json_encode(json_decode($res->getBody()), JSON_PRETTY_PRINT);
                """#,
            port: uploadURLPort),
        DocumentExample(
            document: "ayrshare GET /media/uploadUrl", language: .cSharp,
            text: #"""
                using System;
                using System.Net;
                using System.IO;
                namespace MediaGETRequest_charp
                {
                class Media
                {
                static void Main(string[] args)
                {
                string API_KEY = "API_KEY";
                string url = "https://app.ayrshare.com/api/media/uploadUrl?fileName=test.mov&contentType=mov";
                var httpWebRequest = WebRequest.CreateHttp(url);
                httpWebRequest.ContentType = "application/json";
                httpWebRequest.Headers.Add("Authorization", "Bearer " + API_KEY);
                var httpResponse = (HttpWebResponse)httpWebRequest.GetResponse();
                using (var streamReader = new StreamReader(httpResponse.GetResponseStream()))
                {
                var response = streamReader.ReadToEnd();
                Console.WriteLine(response);
                }
                }
                }
                }
                """#,
            port: uploadURLPort),
    ]

    /// PHP and C# send a type of content although there is none.
    private static let uploadURLPort = #"""
        curl -H "Authorization: Bearer API_KEY" -H 'Content-Type: application/json' \
        -X GET 'https://app.ayrshare.com/api/media/uploadUrl?fileName=test.mov&contentType=mov'
        """#

    /// The PUT of a large file. `uploadUrl` at its end stands for the link.
    static let linkPut = DocumentExample(
        document: "ayrshare PUT uploadUrl", language: .curl,
        text: #"""
            curl -X PUT \
            -H 'Content-Type: video/mp4' \
            --upload-file ./test-video.mp4 uploadUrl
            """#)

    /// From the link to the file, in one script.
    static let linkPipe = DocumentExample(
        document: "ayrshare uploadUrl and PUT", language: .node,
        text: #"""
            const fs = require("fs");
            const request = require("request");
            const API_KEY = "Your API Key";
            const fileName = "test.png";
            const endpoint = `https://app.ayrshare.com/api/media/uploadUrl?fileName=${fileName}&contentType=png`;
            const run = async () => {
            request.get(
            {
            headers: {
            "Content-Type": "application/json",
            Authorization: `Bearer ${API_KEY}`,
            },
            url: endpoint,
            },
            (err, res, body) => {
            if (err) {
            return console.error(err);
            }
            const json = JSON.parse(body);
            console.log("Upload URL:", json);
            return fs.createReadStream(`./${fileName}`).pipe(
            request.put(
            json.uploadUrl,
            {
            headers: {
            "Content-Type": json.contentType,
            },
            },
            (err, httpsResponse, body) => {
            if (err) {
            console.error("err", err);
            } else {
            console.log(body);
            }
            }
            )
            );
            }
            );
            };
            run();
            """#,
        // A body of no known length, as a pipe gives it. The first line of what is written is the link.
        port: #"""
            link=$(curl -H 'Content-Type: application/json' -H "Authorization: Bearer API_KEY" \
            'https://app.ayrshare.com/api/media/uploadUrl?fileName=test.png&contentType=png' 2>/dev/null)
            echo "$link"
            url=${link#*\"uploadUrl\":\"} type=${link#*\"contentType\":\"}
            curl -X PUT -H "Content-Type: ${type%%\"*}" -H 'Transfer-Encoding: chunked' --upload-file - \#
            "${url%%\"*}" <./test.png
            """#)

    /// `GET /media`: everything in the gallery.
    static let galleries: [DocumentExample] = [
        DocumentExample(
            document: "ayrshare GET /media", language: .curl,
            text: #"""
                curl \
                -H "Authorization: Bearer [API Key]" \
                -X GET https://app.ayrshare.com/api/media
                """#),
        DocumentExample(
            document: "ayrshare GET /media", language: .node,
            text: #"""
                const fetch = require("node-fetch");
                const API_KEY = "Your API Key";
                fetch("https://app.ayrshare.com/api/media", {
                method: "GET",
                headers: {
                "Authorization": `Bearer ${API_KEY}`
                }
                })
                .then((res) => res.json())
                .then((json) => console.log(json))
                .catch(console.error);
                """#,
            port: galleryPort),
        DocumentExample(
            document: "ayrshare GET /media", language: .python,
            text: #"""
                import requests
                headers = {'Authorization': 'Bearer [API_KEY]'}
                r = requests.get('https://app.ayrshare.com/api/media', headers=headers)
                print(r.json())
                """#),
        DocumentExample(
            document: "ayrshare GET /media", language: .php,
            text: #"""
                <?php
                require 'vendor/autoload.php'; // Composer auto-loader using Guzzle. See \#
                https://docs.guzzlephp.org/en/stable/overview.html
                $client = new GuzzleHttp\Client();
                $res = $client->request(
                'GET',
                'https://app.ayrshare.com/api/media',
                [
                'headers' => [
                'Content-Type' => 'application/json',
                'Authorization' => 'Bearer API_KEY'
                ]
                ]
                );
                echo json_encode(json_decode($res->getBody()), JSON_PRETTY_PRINT);
                """#,
            port: galleryPort),
        DocumentExample(
            document: "ayrshare GET /media", language: .cSharp,
            text: #"""
                using System;
                using System.Net;
                using System.IO;
                namespace MediaGETRequest_charp
                {
                class Media
                {
                static void Main(string[] args)
                {
                string API_KEY = "API_KEY";
                string url = "https://app.ayrshare.com/api/media";
                var httpWebRequest = WebRequest.CreateHttp(url);
                httpWebRequest.ContentType = "application/json";
                httpWebRequest.Headers.Add("Authorization", "Bearer " + API_KEY);
                var httpResponse = (HttpWebResponse)httpWebRequest.GetResponse();
                using (var streamReader = new StreamReader(httpResponse.GetResponseStream()))
                {
                var response = streamReader.ReadToEnd();
                Console.WriteLine(response);
                }
                }
                }
                }
                """#,
            port: galleryPort),
    ]

    private static let galleryPort = #"""
        curl -H "Authorization: Bearer API_KEY" -H 'Content-Type: application/json' \
        -X GET https://app.ayrshare.com/api/media
        """#
}
