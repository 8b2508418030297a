using System.Data.Common;
using Banyan.Control.Identity;
using Dapper;

namespace Banyan.Control.Store.Persistence;

/// <summary>The part of the certificate authority.</summary>
internal abstract partial class SqlDatabase
{
    /// <summary>Join tokens that may wait to be used.</summary>
    public const int MostJoinTokens = 100_000;

    /// <summary>Of one workload.</summary>
    public const int MostJoinTokensOfWorkload = 1_000;

    /// <summary>So long tokens and certificates are kept after their time is up.</summary>
    public static readonly TimeSpan KeptAfterExpiry = TimeSpan.FromDays(7);

    /// <inheritdoc />
    public bool AddJoinToken(JoinToken token, AuditRow audit)
    {
        var isAdded = false;
        Write(new DatabaseChange(), (db, transaction) =>
        {
            // Times are text of one form and one zone: their order is that of time.
            db.Execute(
                "DELETE FROM join_tokens WHERE expires_at < @Before", new { Before = LongAgo() }, transaction);
            var now = time.GetUtcNow().ToUniversalTime().ToString("O");
            isAdded = db.ExecuteScalar<long>(Outstanding, new { Now = now }, transaction) < MostJoinTokens
                && db.ExecuteScalar<long>(
                    $"{Outstanding} AND namespace = @Namespace AND workload = @Workload",
                    new { Now = now, token.Namespace, token.Workload },
                    transaction) < MostJoinTokensOfWorkload;
            if (isAdded)
            {
                db.Execute(
                    """
                    INSERT INTO join_tokens VALUES (@Id, @Hash, @Namespace, @Workload, @CreatedAt, @CreatedBy,
                        @ExpiresAt, @UsedAt)
                    """,
                    token,
                    transaction);
                SaveHistory(db, transaction, new DatabaseChange { Audit = audit });
            }
        });
        return isAdded;
    }

    /// <inheritdoc />
    public JoinToken? JoinToken(string id) => Read(db => db.QuerySingleOrDefault<JoinToken>(
        """
        SELECT id AS Id, hash AS Hash, namespace AS Namespace, workload AS Workload, created_at AS CreatedAt,
            created_by AS CreatedBy, expires_at AS ExpiresAt, used_at AS UsedAt
        FROM join_tokens WHERE id = @id
        """,
        new { id }));

    /// <inheritdoc />
    public IReadOnlyList<RecordOutcome> Record(IReadOnlyList<Issuance> issued)
    {
        List<RecordOutcome> outcomes = [];
        Write(new DatabaseChange(), (db, transaction) =>
        {
            outcomes.Clear();
            foreach (var each in issued)
            {
                var outcome = UseProof(db, transaction, each);
                if (outcome == RecordOutcome.Recorded)
                {
                    db.Execute(
                        """
                        INSERT INTO issued VALUES (@Serial, @Identity, @IssuedAt, @NotBefore, @NotAfter, @Issuer,
                            @Proof, @ProofId, @DeniedAt)
                        """,
                        each,
                        transaction);
                }

                outcomes.Add(outcome);
            }

            db.Execute("DELETE FROM issued WHERE not_after < @Before", new { Before = LongAgo() }, transaction);
        });
        return outcomes;
    }

    /// <inheritdoc />
    public Issuance? Deny(string serial, DateTimeOffset at, AuditRow audit)
    {
        Issuance? denied = null;
        Write(new DatabaseChange(), (db, transaction) =>
        {
            db.Execute(
                "UPDATE issued SET denied_at = @At WHERE serial = @Serial AND denied_at IS NULL",
                new { Serial = serial, At = at.ToUniversalTime().ToString("O") },
                transaction);
            denied = db.QuerySingleOrDefault<Issuance>(
                $"SELECT {IssuedColumns} FROM issued WHERE serial = @Serial", new { Serial = serial }, transaction);
            if (denied is not null)
            {
                SaveHistory(db, transaction, new DatabaseChange { Audit = audit });
            }
        });
        return denied;
    }

    /// <inheritdoc />
    public IReadOnlyList<string> Denied(DateTimeOffset at) => Rows<string>(
        "SELECT serial FROM issued WHERE denied_at IS NOT NULL AND not_after > @Now",
        new { Now = at.ToUniversalTime().ToString("O") });

    /// <inheritdoc />
    public IReadOnlyList<Issuance> Issued(string? identity, string? serial, int limit) => Rows<Issuance>(
        $"""
        SELECT {IssuedColumns} FROM issued WHERE (@identity IS NULL OR identity = @identity)
            AND (@serial IS NULL OR serial = @serial)
        ORDER BY issued_at DESC, serial LIMIT @limit
        """,
        new { identity, serial, limit });

    /// <inheritdoc />
    public IReadOnlyList<IdentityCount> Identities(DateTimeOffset at) => Rows<IdentityCount>(
        """
        SELECT identity AS Identity, COUNT(*) AS Valid, MAX(not_after) AS NotAfter FROM issued
        WHERE not_after > @Now AND denied_at IS NULL GROUP BY identity ORDER BY identity
        """,
        new { Now = at.ToUniversalTime().ToString("O") });

    /// <inheritdoc />
    public IReadOnlyList<HeldCertificate> GivenOutBefore(DateTimeOffset since, DateTimeOffset at) =>
        Rows<HeldCertificate>(
            """
            SELECT i.serial AS Serial, i.identity AS Identity, i.not_after AS NotAfter,
                CASE WHEN EXISTS (SELECT 1 FROM issued n WHERE n.proof = 'certificate' AND n.proof_id = i.serial)
                    THEN 1 ELSE 0 END AS Renewed
            FROM issued i
            WHERE i.issued_at < @Since AND i.not_after > @Now AND i.denied_at IS NULL AND i.proof <> 'control'
            """,
            new { Since = since.ToUniversalTime().ToString("O"), Now = at.ToUniversalTime().ToString("O") });

    /// <inheritdoc />
    public bool ClaimRoot(string hash)
    {
        // Asked again and again by one that has another root: only the first claim is a write.
        if (Rows<string>("SELECT hash FROM roots", new { }) is [var claimed, ..])
        {
            return claimed == hash;
        }

        var isOurs = false;
        Write(new DatabaseChange(), (db, transaction) =>
        {
            db.Execute(
                "INSERT INTO roots SELECT @hash WHERE NOT EXISTS (SELECT 1 FROM roots)", new { hash }, transaction);
            isOurs = db.ExecuteScalar<long>(
                "SELECT COUNT(*) FROM roots WHERE hash = @hash", new { hash }, transaction) > 0;
        });
        return isOurs;
    }

    private const string Outstanding =
        "SELECT COUNT(*) FROM join_tokens WHERE used_at IS NULL AND expires_at > @Now";

    private const string IssuedColumns = """
        serial AS Serial, identity AS Identity, issued_at AS IssuedAt, not_before AS NotBefore, not_after AS NotAfter,
            issuer AS Issuer, proof AS Proof, proof_id AS ProofId, denied_at AS DeniedAt
        """;

    /// <summary>Nobody else writes meanwhile: of many who show one token, one has it.</summary>
    private static RecordOutcome UseProof(DbConnection db, DbTransaction transaction, Issuance issuance)
    {
        switch (issuance.Proof)
        {
            case Issuance.ByToken:
                return 1 == db.Execute(
                    "UPDATE join_tokens SET used_at = @IssuedAt WHERE id = @ProofId AND used_at IS NULL",
                    issuance,
                    transaction)
                    ? RecordOutcome.Recorded
                    : RecordOutcome.TokenUsed;
            case Issuance.ByCertificate:
                return 0 == db.ExecuteScalar<long>(
                    "SELECT COUNT(*) FROM issued WHERE serial = @ProofId AND denied_at IS NOT NULL",
                    issuance,
                    transaction)
                    ? RecordOutcome.Recorded
                    : RecordOutcome.ProofDenied;
            default:
                return RecordOutcome.Recorded;
        }
    }

    private string LongAgo() => (time.GetUtcNow() - KeptAfterExpiry).ToUniversalTime().ToString("O");
}
