namespace Banyan.Control.Store.Persistence;

/// <summary>
/// How the tables came to be what they are. Steps are only ever added: a database of any earlier version is brought
/// up to date when it is opened, and never taken back.
/// </summary>
/// <remarks>In words that SQLite and PostgreSQL share, but for what <see cref="ForPostgres"/> replaces.</remarks>
internal static class Schema
{
    private const string First = """
        CREATE TABLE revision (number INTEGER NOT NULL);
        INSERT INTO revision VALUES (0);
        CREATE TABLE objects (
            kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
            owner TEXT NOT NULL, taken_from TEXT, applied_by TEXT, content TEXT,
            created_at TEXT NOT NULL, created_revision INTEGER NOT NULL,
            generation INTEGER NOT NULL, revision INTEGER NOT NULL,
            PRIMARY KEY (kind, namespace, name)) WITHOUT ROWID;
        CREATE TABLE files (
            path TEXT NOT NULL PRIMARY KEY, source TEXT NOT NULL, content TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE instances (node TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
        """;

    private const string History = """
        CREATE TABLE audit (
            id INTEGER NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, made_at TEXT NOT NULL,
            verb TEXT NOT NULL, actor TEXT NOT NULL, via TEXT NOT NULL, reason TEXT NOT NULL, target TEXT NOT NULL);
        CREATE INDEX audit_revision ON audit (revision);
        CREATE TABLE object_changes (
            revision INTEGER NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
            action TEXT NOT NULL, owner_before TEXT, taken_before TEXT, text_before TEXT,
            owner_after TEXT, text_after TEXT,
            PRIMARY KEY (revision, kind, namespace, name)) WITHOUT ROWID;
        CREATE INDEX object_changes_key ON object_changes (kind, namespace, name, revision);
        """;

    private const string Registry = """
        CREATE TABLE registrations (id TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
        """;

    private const string Tokens = """
        CREATE TABLE tokens (
            id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, hash TEXT NOT NULL,
            created_at TEXT NOT NULL, created_by TEXT NOT NULL, expires_at TEXT) WITHOUT ROWID;
        """;

    private const string Marks = """
        ALTER TABLE revision ADD COLUMN files INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE revision ADD COLUMN instances INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE revision ADD COLUMN registry INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE revision ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0;
        """;

    // Of roots there is one row, which says whose mesh it is that several control planes serve.
    private const string Identity = """
        CREATE TABLE join_tokens (
            id TEXT NOT NULL PRIMARY KEY, hash TEXT NOT NULL, namespace TEXT NOT NULL, workload TEXT NOT NULL,
            created_at TEXT NOT NULL, created_by TEXT NOT NULL, expires_at TEXT NOT NULL, used_at TEXT) WITHOUT ROWID;
        CREATE TABLE issued (
            serial TEXT NOT NULL PRIMARY KEY, identity TEXT NOT NULL, issued_at TEXT NOT NULL,
            not_before TEXT NOT NULL, not_after TEXT NOT NULL, issuer TEXT NOT NULL,
            proof TEXT NOT NULL, proof_id TEXT NOT NULL, denied_at TEXT) WITHOUT ROWID;
        CREATE INDEX issued_identity ON issued (identity, issued_at);
        CREATE INDEX issued_end ON issued (not_after);
        CREATE INDEX issued_denied ON issued (not_after) WHERE denied_at IS NOT NULL;
        CREATE INDEX issued_proof ON issued (proof_id);
        CREATE INDEX join_tokens_end ON join_tokens (expires_at);
        CREATE TABLE roots (hash TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;
        """;

    /// <summary>Step N leads from version N to N + 1.</summary>
    public static IReadOnlyList<string> Steps { get; } = [First, History, Registry, Tokens, Marks, Identity];

    /// <summary>The version that this program reads and writes.</summary>
    public static int Version => Steps.Count;

    /// <summary>A step as PostgreSQL wants it: 64 bits have another name there, and every table has rows.</summary>
    public static string ForPostgres(string step) => step
        .Replace(" WITHOUT ROWID", "", StringComparison.Ordinal)
        .Replace(" INTEGER ", " BIGINT ", StringComparison.Ordinal)
        .Replace(" BLOB ", " BYTEA ", StringComparison.Ordinal);

    /// <summary>What is said of a database that a later program wrote.</summary>
    public static ControlPlaneException TooNew(string name, long version) => new(
        $"{name} was written by a newer version of banyan (schema {version}, this one knows {Version})");
}
