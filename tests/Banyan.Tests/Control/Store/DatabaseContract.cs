using Banyan.Control.Identity;
using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;
using Banyan.Model;
using Banyan.Tests.Proxy;
using Xunit;

namespace Banyan.Tests.Control.Store;

/// <summary>What every database must do.</summary>
public abstract class DatabaseContract
{
    private protected abstract IDatabase Open(TimeProvider? time = null);

    /// <summary>Those that were used, or whose time is up, wait for nobody.</summary>
    [Fact]
    public void OnlySoManyJoinTokensOfAWorkloadWait()
    {
        var time = new ManualTime();
        using var database = Open(time);
        var until = (time.GetUtcNow() + TimeSpan.FromHours(1)).ToString("O");
        for (var i = 0; i < SqlDatabase.MostJoinTokensOfWorkload; i++)
        {
            Assert.True(database.AddJoinToken(Token($"t{i}", until), new AuditRow { Target = "t" }));
        }

        Assert.False(database.AddJoinToken(Token("more", until), new AuditRow { Target = "t" }));
        Assert.True(database.AddJoinToken(Token("other", until) with { Workload = "other" }, new AuditRow { Target = "t" }));
        Assert.Equal([RecordOutcome.Recorded], database.Record([Issued("01", "t1")]));
        Assert.True(database.AddJoinToken(Token("more", until), new AuditRow { Target = "t" }));
        Assert.False(database.AddJoinToken(Token("yet more", until), new AuditRow { Target = "t" }));
        time.Advance(TimeSpan.FromHours(2));
        Assert.True(database.AddJoinToken(
            Token("later", (time.GetUtcNow() + TimeSpan.FromHours(1)).ToString("O")), new AuditRow { Target = "t" }));
    }

    [Fact]
    public void AnEmptyOneHoldsNothing()
    {
        using var database = Open();
        Assert.Equal(0, database.Marks().Revision);
        Assert.Empty(database.Objects());
        Assert.Empty(database.Files());
        Assert.Empty(database.Instances());
        Assert.Empty(database.History(new HistoryQuery(10)));
        Assert.Null(database.OldestChange());
    }

    [Fact]
    public void WhatIsSavedIsThereWhenItIsOpenedAgain()
    {
        var change = Change(1, "a") with
        {
            Files = [new FileRow { Path = "/x/a.yaml", Source = "/x", Content = "text" }],
            Instances = [Texts.Instance("one-v1", "one", 20000)],
        };
        using (var first = Open())
        {
            first.Save(change);
        }

        using var second = Open();
        Assert.Equal(1, second.Marks().Revision);
        Assert.Equal(change.Objects, second.Objects());
        Assert.Equal(change.Files, second.Files());
        Assert.Equal(Texts.Instance("one-v1", "one", 20000).ToJson(), Assert.Single(second.Instances()));
        var revision = Assert.Single(second.History(new HistoryQuery(10)));
        Assert.Equal(change.Audit, revision.Entry);
        Assert.Equal(change.History, revision.Objects);
    }

    [Fact]
    public void ChangesReplaceAndRemove()
    {
        using var database = Open();
        database.Save(Change(1, "a"));
        database.Save(Change(2, "a") with { Files = [new FileRow { Path = "/x", Source = "/", Content = "1" }] });
        Assert.Equal(2, Assert.Single(database.Objects()).Revision);
        database.Save(new DatabaseChange
        {
            Revision = 3,
            Expected = new Marks { Revision = 2 },
            RemovedObjects = [new ObjectKey("Service", "default", "a")],
            RemovedFiles = ["/x"],
        });
        Assert.Empty(database.Objects());
        Assert.Empty(database.Files());
        Assert.Equal(3, database.Marks().Revision);
    }

    [Fact]
    public void AChangeIsWrittenWholeOrNotAtAll()
    {
        using var database = Open();
        database.Save(Change(1, "a"));

        // The second history row has the first one's key.
        var twice = Change(2, "b");
        twice.History.Add(twice.History[0]);
        Assert.Throws<StoreFailedException>(() => database.Save(twice));
        Assert.Equal(1, database.Marks().Revision);
        Assert.Equal("a", Assert.Single(database.Objects()).Name);
        database.Save(Change(2, "b"));
        Assert.Equal(2, database.Objects().Count);
    }

    [Fact]
    public void TheFirstChangeAfterARevisionIsFound()
    {
        using var database = Open();
        database.Save(Change(1, "a"));
        database.Save(Change(2, "b"));
        database.Save(Change(3, "a"));
        database.Save(Change(4, "a"));
        Assert.Equal([("a", 3L), ("b", 2L)], database.FirstChangesAfter(1).Select(row => (row.Name, row.Revision)));
        Assert.Empty(database.FirstChangesAfter(4));
        Assert.Equal(1, database.OldestChange());
    }

    [Fact]
    public void OldChangesAreForgotten()
    {
        var time = new ManualTime();
        using var database = Open(time);
        for (var revision = 1; revision <= 32; revision++)
        {
            database.Save(Change(revision, "a", time.GetUtcNow()));
        }

        time.Advance(SqlDatabase.KeptFor + TimeSpan.FromMinutes(1));
        for (var revision = 33; revision <= 64; revision++)
        {
            database.Save(Change(revision, "a", time.GetUtcNow()));
        }

        Assert.Equal(33, database.OldestChange());
        Assert.Equal(32, database.History(new HistoryQuery(500)).Count);

        const long Late = SqlDatabase.KeptRevisions + 112;
        database.Save(Change(Late, "a", time.GetUtcNow()) with { Expected = new Marks { Revision = 64 } });
        Assert.Equal(Late, database.OldestChange());
    }

    [Fact]
    public void AJoinTokenCountsOnceAndACertificateIsRecordedWithItsUse()
    {
        using var database = Open();
        var token = Token("t1", "2030-01-01T01:00:00.0000000+00:00");
        Assert.True(database.AddJoinToken(token, new AuditRow { MadeAt = "2030", Verb = "token create", Target = "t1" }));
        Assert.Equal(token, database.JoinToken("t1"));
        Assert.Null(database.JoinToken("t2"));
        Assert.Equal("t1", Assert.Single(database.Audit(5)).Target);
        Assert.Equal(
            [RecordOutcome.Recorded, RecordOutcome.TokenUsed, RecordOutcome.TokenUsed, RecordOutcome.Recorded],
            database.Record([Issued("01", "t1"), Issued("02", "t1"), Issued("03", "unknown"), Issued("04", "01", Issuance.ByCertificate)]));
        Assert.NotNull(database.JoinToken("t1")!.UsedAt);
        Assert.Equal(["01", "04"], database.Issued(null, null, 10).Select(each => each.Serial).Order(StringComparer.Ordinal));
        Assert.Equal(Issued("01", "t1"), database.Issued("spiffe://x/ns/a/sa/b", null, 10).Single(each => each.Serial == "01"));
        Assert.Empty(database.Issued("spiffe://x/ns/a/sa/c", null, 10));
    }

    [Fact]
    public void ADeniedCertificateProvesNothingAnyMore()
    {
        using var database = Open();
        database.Record([Issued("01", "", Issuance.ByControl), Issued("02", "", Issuance.ByControl)]);
        var at = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Null(database.Deny("99", at, new AuditRow { Target = "99" }));
        Assert.Empty(database.Audit(5));
        Assert.Equal(at.ToString("O"), database.Deny("01", at, new AuditRow { Target = "01" })!.DeniedAt);
        Assert.Equal("01", Assert.Single(database.Audit(5)).Target);

        // The first time counts.
        Assert.Equal(at.ToString("O"), database.Deny("01", at.AddHours(1), new AuditRow { Target = "01" })!.DeniedAt);
        Assert.Equal(["01"], database.Denied(at));
        Assert.Empty(database.Denied(at.AddDays(1)));
        var count = Assert.Single(database.Identities(at));
        Assert.Equal(("spiffe://x/ns/a/sa/b", 1), (count.Identity, count.Valid));
        Assert.Equal(
            [RecordOutcome.ProofDenied, RecordOutcome.Recorded],
            database.Record([Issued("03", "01", Issuance.ByCertificate), Issued("04", "02", Issuance.ByCertificate)]));
    }

    [Fact]
    public void WhatExpiredLongAgoIsForgotten()
    {
        var time = new ManualTime();
        using var database = Open(time);
        database.AddJoinToken(Token("t1", time.GetUtcNow().ToString("O")), new AuditRow { Target = "t1" });
        database.Record([Issued("01", "t1")]);
        time.Advance(SqlDatabase.KeptAfterExpiry + TimeSpan.FromHours(23));
        database.Record([]);
        Assert.Single(database.Issued(null, null, 10));
        time.Advance(TimeSpan.FromHours(2));
        database.Record([]);
        Assert.Empty(database.Issued(null, null, 10));
        database.AddJoinToken(Token("t2", time.GetUtcNow().ToString("O")), new AuditRow { Target = "t2" });
        Assert.Null(database.JoinToken("t1"));
        Assert.NotNull(database.JoinToken("t2"));
    }

    [Fact]
    public void OneRootIsThatOfTheMesh()
    {
        using (var first = Open())
        {
            Assert.True(first.ClaimRoot("a"));
        }

        using var database = Open();
        Assert.False(database.ClaimRoot("b"));
        Assert.True(database.ClaimRoot("a"));
    }

    private static JoinToken Token(string id, string until) => new()
    {
        Id = id, Hash = "h", Namespace = "a", Workload = "b-v1", CreatedAt = "2030-01-01T00:00:00.0000000+00:00", CreatedBy = "me",
        ExpiresAt = until,
    };

    private static Issuance Issued(string serial, string proof, string kind = Issuance.ByToken) => new()
    {
        Serial = serial, Identity = "spiffe://x/ns/a/sa/b", IssuedAt = "2030-01-01T00:00:00.0000000+00:00",
        NotBefore = "2029-12-31T23:55:00.0000000+00:00", NotAfter = "2030-01-02T00:00:00.0000000+00:00", Issuer = "0a",
        Proof = kind, ProofId = proof,
    };

    private protected static DatabaseChange Change(long revision, string name, DateTimeOffset? at = null) => new()
    {
        Revision = revision,
        Expected = new Marks { Revision = revision - 1 },
        Objects =
        [
            new ObjectRow
            {
                Kind = "Service", Namespace = "default", Name = name, Owner = StoredObject.Api, AppliedBy = "me",
                Content = "{}", CreatedAt = "2026-01-01", CreatedRevision = revision, Generation = 1, Revision = revision,
            },
        ],
        History =
        [
            new ObjectChangeRow
            {
                Revision = revision, Kind = "Service", Namespace = "default", Name = name, Action = "created",
                OwnerAfter = StoredObject.Api, TextAfter = "a: 'ä€'\n",
            },
        ],
        Audit = new WriteOrigin("apply", "me", "socket", "why").Entry(revision, at ?? TimeProvider.System.GetUtcNow()),
    };
}
