import GRDB
import UploadStore

/// The tables, as numbered steps. A step that was released is never changed; a new one is added after it.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("001-uploads") { try $0.execute(sql: uploads) }
        migrator.registerMigration("002-keys") { try $0.execute(sql: keys) }
        migrator.registerMigration("003-media") { try $0.execute(sql: media) }
        migrator.registerMigration("004-publishing") { try $0.execute(sql: publishing) }
        migrator.registerMigration("005-usage") { try $0.execute(sql: usage) }
        migrator.registerMigration("006-sequential") { try $0.execute(sql: sequential) }
        migrator.registerMigration("007-places") { try $0.execute(sql: places) }
        migrator.registerMigration("008-digests") { try $0.execute(sql: digests) }
        return migrator
    }

    /// Takes the steps that are missing. Safe when several processes do so at once.
    ///
    /// - Throws: ``CatalogFault/Code/failed`` when the database has steps that this program does not know.
    static func migrate(_ pool: DatabasePool) throws {
        let migrator = migrator
        var attemptsLeft = 10
        while true {
            if try pool.read(migrator.hasBeenSuperseded) {
                throw CatalogFault(
                    .failed,
                    "the catalog was written by a newer version of this program; run that version or a later one")
            }
            do {
                return try migrator.migrate(pool)
            } catch {
                // Each step is a transaction, but which to take was looked up before: another process that starts
                // now may have taken it meanwhile, which shows as a table that is there already.
                attemptsLeft -= 1
                guard attemptsLeft > 0 else { throw error }
            }
        }
    }

    /// Moments are milliseconds since 1970 in UTC.
    private static let uploads = """
        CREATE TABLE upload (
            file_id TEXT NOT NULL PRIMARY KEY CHECK (length(file_id) = 27),
            tenant TEXT NOT NULL,
            alias TEXT,
            object_key TEXT NOT NULL,
            file_name TEXT NOT NULL,
            declared_type TEXT,
            detected_type TEXT,
            part_size_bytes INTEGER CHECK (part_size_bytes > 0),
            part_count INTEGER CHECK (part_count >= 0),
            size_bytes INTEGER CHECK (size_bytes >= 0),
            maximum_bytes INTEGER NOT NULL CHECK (maximum_bytes >= 0),
            expected_sha256 BLOB CHECK (length(expected_sha256) = 32),
            metadata_json TEXT,
            state TEXT NOT NULL
                CHECK (state IN ('granted', 'receiving', 'complete', 'failed', 'aborted', 'expired')),
            received_bytes INTEGER NOT NULL CHECK (received_bytes >= 0),
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            claimed_at INTEGER,
            completed_at INTEGER,
            crc32c INTEGER CHECK (crc32c BETWEEN 0 AND 4294967295),
            sha256 BLOB CHECK (length(sha256) = 32),
            ended_at INTEGER,
            CHECK ((state IN ('failed', 'aborted', 'expired')) = (ended_at IS NOT NULL)),
            CHECK (state <> 'complete'
                OR (completed_at IS NOT NULL AND crc32c IS NOT NULL AND size_bytes IS received_bytes))
        ) STRICT;
        CREATE UNIQUE INDEX upload_by_alias ON upload (tenant, alias) WHERE alias IS NOT NULL;
        CREATE INDEX upload_of_tenant ON upload (tenant, state, created_at, file_id);
        CREATE INDEX upload_by_age ON upload (state, created_at, file_id);
        CREATE INDEX upload_by_expiry ON upload (expires_at, file_id) WHERE state IN ('granted', 'receiving');
        CREATE INDEX upload_by_end ON upload (ended_at) WHERE ended_at IS NOT NULL;

        CREATE TABLE part (
            file_id TEXT NOT NULL REFERENCES upload (file_id) ON DELETE CASCADE,
            number INTEGER NOT NULL CHECK (number > 0),
            start_bytes INTEGER NOT NULL CHECK (start_bytes >= 0),
            length_bytes INTEGER NOT NULL CHECK (length_bytes >= 0),
            crc32c INTEGER NOT NULL CHECK (crc32c BETWEEN 0 AND 4294967295),
            token TEXT NOT NULL,
            PRIMARY KEY (file_id, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE probe (
            id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
            writes INTEGER NOT NULL
        ) STRICT;
        INSERT INTO probe (id, writes) VALUES (1, 0);
        """

    private static let keys = """
        CREATE TABLE api_key (
            id TEXT NOT NULL PRIMARY KEY,
            tenant TEXT NOT NULL,
            name TEXT NOT NULL,
            hash_hex TEXT NOT NULL UNIQUE,
            created_at INTEGER NOT NULL,
            revoked_at INTEGER
        ) STRICT;
        CREATE INDEX api_key_by_age ON api_key (created_at);

        CREATE TABLE grant_key (
            id TEXT NOT NULL PRIMARY KEY,
            secret BLOB NOT NULL CHECK (length(secret) > 0),
            created_at INTEGER NOT NULL,
            retired_at INTEGER
        ) STRICT;
        CREATE INDEX grant_key_by_age ON grant_key (created_at);
        """

    private static let media = """
        CREATE TABLE media_item (
            id TEXT NOT NULL PRIMARY KEY,
            tenant TEXT NOT NULL,
            file_id TEXT NOT NULL UNIQUE REFERENCES upload (file_id),
            kind TEXT NOT NULL CHECK (kind IN ('image', 'video')),
            title TEXT,
            description TEXT,
            platforms TEXT NOT NULL,
            scheduled_at INTEGER,
            is_draft INTEGER NOT NULL CHECK (is_draft IN (0, 1)),
            status TEXT NOT NULL
                CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'draft', 'scheduled')),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            fingerprint TEXT NOT NULL,
            idempotency_key TEXT
        ) STRICT;
        CREATE UNIQUE INDEX media_item_by_key ON media_item (tenant, idempotency_key)
            WHERE idempotency_key IS NOT NULL;

        CREATE TABLE media_item_setting (
            item_id TEXT NOT NULL REFERENCES media_item (id) ON DELETE CASCADE,
            platform TEXT NOT NULL,
            settings_json TEXT NOT NULL,
            PRIMARY KEY (item_id, platform)
        ) STRICT, WITHOUT ROWID;
        """

    /// Items of posts share their files, so a file is unique only among items that have no post; the constraint stood
    /// in the table, which is made anew for that.
    private static let publishing = """
        ALTER TABLE upload ADD COLUMN description TEXT;
        ALTER TABLE upload ADD COLUMN original_id TEXT;
        CREATE INDEX upload_by_original ON upload (original_id) WHERE original_id IS NOT NULL;
        CREATE INDEX upload_by_completion ON upload (completed_at, file_id) WHERE state = 'complete';

        CREATE TABLE post (
            id TEXT NOT NULL PRIMARY KEY,
            tenant TEXT NOT NULL,
            words TEXT NOT NULL,
            scheduled_at INTEGER,
            created_at INTEGER NOT NULL,
            item_ids TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            idempotency_key TEXT
        ) STRICT;
        CREATE UNIQUE INDEX post_by_key ON post (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;

        CREATE TABLE media_item_new (
            id TEXT NOT NULL PRIMARY KEY,
            tenant TEXT NOT NULL,
            file_id TEXT NOT NULL REFERENCES upload (file_id),
            post_id TEXT REFERENCES post (id),
            kind TEXT NOT NULL CHECK (kind IN ('image', 'video')),
            title TEXT,
            description TEXT,
            platforms TEXT NOT NULL,
            scheduled_at INTEGER,
            is_draft INTEGER NOT NULL CHECK (is_draft IN (0, 1)),
            original_json TEXT,
            status TEXT NOT NULL
                CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'draft', 'scheduled')),
            due_at INTEGER,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            revision INTEGER NOT NULL,
            fingerprint TEXT NOT NULL,
            idempotency_key TEXT
        ) STRICT;
        INSERT INTO media_item_new (id, tenant, file_id, kind, title, description, platforms, scheduled_at, is_draft,
                status, created_at, updated_at, revision, fingerprint, idempotency_key)
            SELECT id, tenant, file_id, kind, title, description, platforms, scheduled_at, is_draft,
                status, created_at, updated_at, 0, fingerprint, idempotency_key FROM media_item;
        DROP TABLE media_item;
        ALTER TABLE media_item_new RENAME TO media_item;
        CREATE UNIQUE INDEX media_item_by_key ON media_item (tenant, idempotency_key)
            WHERE idempotency_key IS NOT NULL;
        CREATE UNIQUE INDEX media_item_of_upload ON media_item (file_id) WHERE post_id IS NULL;
        CREATE INDEX media_item_by_file ON media_item (file_id);
        CREATE INDEX media_item_of_tenant ON media_item (tenant, kind, created_at, id);
        CREATE INDEX media_item_by_status ON media_item (tenant, kind, status, created_at, id);
        CREATE INDEX media_item_by_moment ON media_item (scheduled_at)
            WHERE status = 'scheduled' AND scheduled_at IS NOT NULL;

        CREATE TABLE media_item_result (
            item_id TEXT NOT NULL REFERENCES media_item (id) ON DELETE CASCADE,
            platform TEXT NOT NULL,
            status TEXT NOT NULL,
            remote_id TEXT,
            url TEXT,
            message TEXT,
            PRIMARY KEY (item_id, platform)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE examination (
            file_id TEXT NOT NULL PRIMARY KEY REFERENCES upload (file_id) ON DELETE CASCADE,
            state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
            wanted_at INTEGER NOT NULL,
            width_pixels INTEGER,
            height_pixels INTEGER,
            duration_milliseconds INTEGER,
            video_codec TEXT,
            audio_codec TEXT,
            frames_per_thousand_seconds INTEGER,
            copy_id TEXT,
            message TEXT
        ) STRICT;
        CREATE INDEX examination_by_age ON examination (wanted_at, file_id) WHERE state = 'pending';
        CREATE INDEX examination_by_copy ON examination (copy_id) WHERE copy_id IS NOT NULL;

        CREATE TABLE handoff (
            sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            kind TEXT NOT NULL,
            file_id TEXT NOT NULL,
            tenant TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            body TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'dead')),
            attempts INTEGER NOT NULL CHECK (attempts >= 0),
            next_attempt_at INTEGER NOT NULL,
            last_fault TEXT,
            UNIQUE (id, endpoint)
        ) STRICT;
        CREATE INDEX handoff_by_moment ON handoff (endpoint, next_attempt_at) WHERE state = 'waiting';
        CREATE INDEX handoff_by_file ON handoff (endpoint, file_id, sequence) WHERE state = 'waiting';
        """

    /// What each tenant holds, kept right by triggers: whatever changes an upload changes it too, in the same
    /// transaction. A part of an upload whose size is known changes none of the columns they watch.
    private static let usage = """
        ALTER TABLE upload ADD COLUMN reserved_bytes INTEGER NOT NULL DEFAULT 0 CHECK (reserved_bytes >= 0);
        UPDATE upload SET reserved_bytes = received_bytes WHERE state = 'receiving' AND size_bytes IS NULL;

        CREATE TABLE tenant_usage (
            tenant TEXT NOT NULL PRIMARY KEY,
            stored_bytes INTEGER NOT NULL,
            open_bytes INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO tenant_usage (tenant, stored_bytes, open_bytes)
            SELECT tenant, sum(coalesce(size_bytes, reserved_bytes)),
                sum(iif(state = 'receiving', coalesce(size_bytes, reserved_bytes), 0))
            FROM upload WHERE state IN ('receiving', 'complete') GROUP BY tenant;

        CREATE TRIGGER upload_usage_begins AFTER INSERT ON upload WHEN NEW.state IN ('receiving', 'complete')
        BEGIN
            INSERT INTO tenant_usage (tenant, stored_bytes, open_bytes)
                VALUES (NEW.tenant, coalesce(NEW.size_bytes, NEW.reserved_bytes),
                    iif(NEW.state = 'receiving', coalesce(NEW.size_bytes, NEW.reserved_bytes), 0))
                ON CONFLICT (tenant) DO UPDATE SET
                    stored_bytes = stored_bytes + excluded.stored_bytes,
                    open_bytes = open_bytes + excluded.open_bytes;
        END;

        CREATE TRIGGER upload_usage_changes AFTER UPDATE OF state, size_bytes, reserved_bytes ON upload
        WHEN NEW.state <> OLD.state
            OR coalesce(NEW.size_bytes, NEW.reserved_bytes) <> coalesce(OLD.size_bytes, OLD.reserved_bytes)
        BEGIN
            INSERT INTO tenant_usage (tenant, stored_bytes, open_bytes)
                VALUES (NEW.tenant,
                    iif(NEW.state IN ('receiving', 'complete'), coalesce(NEW.size_bytes, NEW.reserved_bytes), 0)
                        - iif(OLD.state IN ('receiving', 'complete'), coalesce(OLD.size_bytes, OLD.reserved_bytes), 0),
                    iif(NEW.state = 'receiving', coalesce(NEW.size_bytes, NEW.reserved_bytes), 0)
                        - iif(OLD.state = 'receiving', coalesce(OLD.size_bytes, OLD.reserved_bytes), 0))
                ON CONFLICT (tenant) DO UPDATE SET
                    stored_bytes = stored_bytes + excluded.stored_bytes,
                    open_bytes = open_bytes + excluded.open_bytes;
        END;

        CREATE TRIGGER upload_usage_ends AFTER DELETE ON upload WHEN OLD.state IN ('receiving', 'complete')
        BEGIN
            UPDATE tenant_usage SET
                stored_bytes = stored_bytes - coalesce(OLD.size_bytes, OLD.reserved_bytes),
                open_bytes = open_bytes
                    - iif(OLD.state = 'receiving', coalesce(OLD.size_bytes, OLD.reserved_bytes), 0)
                WHERE tenant = OLD.tenant;
        END;
        """

    /// Uploads whose bytes come in order, and those that are made of others.
    private static let sequential = """
        ALTER TABLE upload ADD COLUMN way TEXT NOT NULL DEFAULT 'parts'
            CHECK (way IN ('parts', 'sequential', 'partial', 'joined'));
        ALTER TABLE upload ADD COLUMN joins TEXT;
        CREATE INDEX upload_joining ON upload (created_at, file_id) WHERE way = 'joined' AND state = 'receiving';
        """

    /// Pieces whose bytes stand in the object of another upload: they hold nothing of their own and end with it. The
    /// triggers of ``usage`` are made anew for that.
    private static let places = """
        ALTER TABLE upload ADD COLUMN home_id TEXT;
        ALTER TABLE upload ADD COLUMN base_bytes INTEGER CHECK (base_bytes >= 0);
        CREATE INDEX upload_by_home ON upload (home_id) WHERE home_id IS NOT NULL;

        CREATE TRIGGER upload_home_ends AFTER UPDATE OF state ON upload
        WHEN NEW.way = 'joined' AND NEW.ended_at IS NOT NULL
        BEGIN
            UPDATE upload SET state = NEW.state, alias = NULL, ended_at = NEW.ended_at, received_bytes = 0
                WHERE home_id = NEW.file_id AND state = 'receiving';
            DELETE FROM part WHERE file_id IN (SELECT file_id FROM upload WHERE home_id = NEW.file_id);
        END;

        DROP TRIGGER upload_usage_begins;
        CREATE TRIGGER upload_usage_begins AFTER INSERT ON upload
        WHEN NEW.state IN ('receiving', 'complete') AND NEW.home_id IS NULL
        BEGIN
            INSERT INTO tenant_usage (tenant, stored_bytes, open_bytes)
                VALUES (NEW.tenant, coalesce(NEW.size_bytes, NEW.reserved_bytes),
                    iif(NEW.state = 'receiving', coalesce(NEW.size_bytes, NEW.reserved_bytes), 0))
                ON CONFLICT (tenant) DO UPDATE SET
                    stored_bytes = stored_bytes + excluded.stored_bytes,
                    open_bytes = open_bytes + excluded.open_bytes;
        END;

        DROP TRIGGER upload_usage_changes;
        CREATE TRIGGER upload_usage_changes AFTER UPDATE OF state, size_bytes, reserved_bytes, home_id ON upload
        WHEN OLD.home_id IS NULL AND (NEW.state <> OLD.state OR NEW.home_id IS NOT NULL
            OR coalesce(NEW.size_bytes, NEW.reserved_bytes) <> coalesce(OLD.size_bytes, OLD.reserved_bytes))
        BEGIN
            INSERT INTO tenant_usage (tenant, stored_bytes, open_bytes)
                VALUES (NEW.tenant,
                    iif(NEW.state IN ('receiving', 'complete') AND NEW.home_id IS NULL,
                            coalesce(NEW.size_bytes, NEW.reserved_bytes), 0)
                        - iif(OLD.state IN ('receiving', 'complete'), coalesce(OLD.size_bytes, OLD.reserved_bytes), 0),
                    iif(NEW.state = 'receiving' AND NEW.home_id IS NULL,
                            coalesce(NEW.size_bytes, NEW.reserved_bytes), 0)
                        - iif(OLD.state = 'receiving', coalesce(OLD.size_bytes, OLD.reserved_bytes), 0))
                ON CONFLICT (tenant) DO UPDATE SET
                    stored_bytes = stored_bytes + excluded.stored_bytes,
                    open_bytes = open_bytes + excluded.open_bytes;
        END;

        DROP TRIGGER upload_usage_ends;
        CREATE TRIGGER upload_usage_ends AFTER DELETE ON upload
        WHEN OLD.state IN ('receiving', 'complete') AND OLD.home_id IS NULL
        BEGIN
            UPDATE tenant_usage SET
                stored_bytes = stored_bytes - coalesce(OLD.size_bytes, OLD.reserved_bytes),
                open_bytes = open_bytes
                    - iif(OLD.state = 'receiving', coalesce(OLD.size_bytes, OLD.reserved_bytes), 0)
                WHERE tenant = OLD.tenant;
        END;
        """

    /// What a file must have by other algorithms than SHA-256, each in a column of its own beside that one's.
    private static let digests = """
        ALTER TABLE upload ADD COLUMN expected_sha512 BLOB CHECK (length(expected_sha512) = 64);
        ALTER TABLE upload ADD COLUMN expected_crc32c BLOB CHECK (length(expected_crc32c) = 4);
        ALTER TABLE upload ADD COLUMN expected_sha1 BLOB CHECK (length(expected_sha1) = 20);
        ALTER TABLE upload ADD COLUMN expected_md5 BLOB CHECK (length(expected_md5) = 16);
        ALTER TABLE upload ADD COLUMN expected_crc32 BLOB CHECK (length(expected_crc32) = 4);
        """
}
