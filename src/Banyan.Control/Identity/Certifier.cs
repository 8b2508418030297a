using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;

namespace Banyan.Control.Identity;

/// <summary>Decides who gets which certificate: request → proof → identity → rate → signature → record.</summary>
internal sealed class Certifier(
    CertificateAuthority authority,
    ConfigStore store,
    IDatabase database,
    IssuanceLedger ledger,
    TimeProvider time)
{
    private readonly IssueRate _rate = new(time);
    private readonly KnownIdentities _known = new();

    /// <summary>Answers a request for a certificate.</summary>
    /// <param name="request">From whomever.</param>
    /// <param name="peer">What the client of the connection showed; null when it showed nothing.</param>
    /// <exception cref="StoreFailedException">The database cannot be used; nothing was issued.</exception>
    public async Task<CertifyOutcome> CertifyAsync(CertifyRequest request, PeerChain? peer)
    {
        // Before the material: what counts as given out after a stage of a rotation has the anchors of that stage.
        var now = time.GetUtcNow();
        if (authority.Material is not { } material)
        {
            return CertifyOutcome.Refused(Refusal.NotReady(
                "the control plane has no certificate authority yet; its log and `banyan certs status` say why"));
        }

        if (now > material.NotAfter)
        {
            return CertifyOutcome.Refused(Refusal.NotReady(
                $"the authority's certificates were valid until {material.NotAfter:u}, and here it is {now:u}: "
                + "renew them with `banyan certs csr` and `banyan certs install`"));
        }

        var (csr, refusal) = SigningRequest.Read(request.Csr.Span);
        if (csr is null)
        {
            return CertifyOutcome.Refused(refusal!);
        }

        (var proof, refusal) = request.JoinToken.Length > 0
            ? await ByTokenAsync(request.JoinToken, material, now)
            : ByCertificate(peer, material, now);
        if (proof is null)
        {
            return CertifyOutcome.Refused(refusal!);
        }

        return await IssueAsync(csr, proof, material, now);
    }

    /// <summary>Whom to trust.</summary>
    public IReadOnlyList<TrustBundle> Bundles(CaMaterial material) =>
    [
        new TrustBundle
        {
            TrustDomain = MeshIdentities.Mesh(store.View).TrustDomain,
            Anchors = { material.Anchors.Select(each => ByteString.CopyFrom(each.RawData)) },
        },
    ];

    private async Task<CertifyOutcome> IssueAsync(
        SigningRequest csr, Proof proof, CaMaterial material, DateTimeOffset now)
    {
        if (csr.Identity != proof.Identity)
        {
            return CertifyOutcome.Refused(new Refusal(
                "other-identity",
                GrpcStatusCode.PermissionDenied,
                $"the CSR asks for {csr.Identity}, and the proof is that of {proof.Identity}"));
        }

        if (csr.Identity.Namespace == MeshIdentities.OwnNamespace)
        {
            return CertifyOutcome.Refused(new Refusal(
                "reserved-identity",
                GrpcStatusCode.PermissionDenied,
                $"namespace {MeshIdentities.OwnNamespace} is that of the control plane: choose another one"));
        }

        if (proof.Kind == Issuance.ByCertificate && !_known.Contains(store.View, proof.Identity))
        {
            // What starts may not have read its files yet.
            return CertifyOutcome.Refused(store.View.IsReady
                ? new Refusal(
                    "no-workload",
                    GrpcStatusCode.PermissionDenied,
                    $"there is no Workload any more that has the identity {proof.Identity}")
                : Refusal.NotReady("the control plane has not read its sources yet"));
        }

        if (!_rate.TryTake(proof.Identity))
        {
            return CertifyOutcome.Refused(new Refusal(
                "rate",
                GrpcStatusCode.ResourceExhausted,
                $"too many certificates for {proof.Identity}: {IssueRate.PerSecond} a second; try again in a second"));
        }

        var life = MeshIdentities.Mesh(store.View).Certificates.LeafTtl;
        using var leaf = authority.Sign(material, csr.Identity, csr.Key, now, life);
        var issuance = Record(leaf, csr.Identity, proof, material, now);
        return await ledger.RecordAsync(issuance) switch
        {
            RecordOutcome.Recorded => new CertifyOutcome(Answer(leaf, material), null, issuance),
            RecordOutcome.TokenUsed => CertifyOutcome.Refused(TokenUsed()),
            _ => CertifyOutcome.Refused(Refusal.BadProof(
                "proof-denied", "the client certificate was denied: join with a new token")),
        };
    }

    private CertifyResponse Answer(X509Certificate2 leaf, CaMaterial material) => new()
    {
        Chain =
        {
            material.Chain.Prepend(leaf).Select(each => ByteString.CopyFrom(each.RawData)),
        },
        Bundles = { Bundles(material) },
        NotBeforeUnix = Certificates.From(leaf).ToUnixTimeSeconds(),
        NotAfterUnix = Certificates.Until(leaf).ToUnixTimeSeconds(),
    };

    /// <summary>The record of a certificate.</summary>
    internal static Issuance Record(
        X509Certificate2 leaf, SpiffeId identity, Proof proof, CaMaterial material, DateTimeOffset now) => new()
        {
            Serial = Certificates.Serial(leaf),
            Identity = $"{identity}",
            IssuedAt = now.ToUniversalTime().ToString("O"),
            NotBefore = Certificates.From(leaf).ToString("O"),
            NotAfter = Certificates.Until(leaf).ToString("O"),
            Issuer = Certificates.Serial(material.Issuing),
            Proof = proof.Kind,
            ProofId = proof.Id,
        };

    private async Task<(Proof?, Refusal?)> ByTokenAsync(string text, CaMaterial material, DateTimeOffset now)
    {
        if (JoinTokenText.Parse(text) is not { } token)
        {
            return Bad("token-malformed", "the join token is not complete: it has the form bj1.ID.SECRET.CA");
        }

        if (!material.Anchors.Any(each => Certificates.KeyHash(each) == token.Authority))
        {
            return Bad(
                "token-foreign", "the join token is one of another mesh, or of a root that is not trusted any more");
        }

        var stored = await store.ReadAsync(_ => database.JoinToken(token.Id));
        if (!token.Proves(stored))
        {
            return Bad("token-unknown", "the join token is not known here: `banyan token create --workload` makes one");
        }

        if (stored!.UsedAt is not null)
        {
            return (null, TokenUsed());
        }

        var until = DateTimeOffset.Parse(stored.ExpiresAt, CultureInfo.InvariantCulture);
        if (now >= until)
        {
            return Bad(
                "token-expired", $"the join token was valid until {until:u}, and here it is {now:u}: make a new one");
        }

        return MeshIdentities.Of(store.View, stored.Namespace, stored.Workload) is { } identity
            ? (new Proof(identity, Issuance.ByToken, token.Id), null)
            : (null, new Refusal(
                "no-workload",
                GrpcStatusCode.PermissionDenied,
                $"the join token is for Workload {stored.Namespace}/{stored.Workload}, which does not exist any more"));
    }

    private (Proof?, Refusal?) ByCertificate(PeerChain? peer, CaMaterial material, DateTimeOffset now)
    {
        if (peer is null)
        {
            return Bad("no-proof", "there is neither a join token nor a client certificate");
        }

        var domain = MeshIdentities.Mesh(store.View).TrustDomain;
        var (identity, refusal) = PeerCertificate.Verify(peer, material, domain, now);
        return identity is null
            ? (null, refusal)
            : (new Proof(identity, Issuance.ByCertificate, Certificates.Serial(peer.Leaf)), null);
    }

    private static Refusal TokenUsed() => Refusal.BadProof(
        "token-used", "the join token was used already: each counts once, make another one");

    private static (Proof?, Refusal?) Bad(string reason, string message) => (null, Refusal.BadProof(reason, message));
}

/// <summary>Who somebody is, and by what he proved it.</summary>
/// <param name="Identity">The identity that was proved.</param>
/// <param name="Kind">token, certificate or control.</param>
/// <param name="Id">The token's id, or the certificate's serial.</param>
internal sealed record Proof(SpiffeId Identity, string Kind, string Id);

/// <summary>A certificate, or why there is none.</summary>
internal sealed record CertifyOutcome(CertifyResponse? Response, Refusal? Refusal, Issuance? Issuance = null)
{
    /// <summary>None.</summary>
    public static CertifyOutcome Refused(Refusal refusal) => new(null, refusal);
}
