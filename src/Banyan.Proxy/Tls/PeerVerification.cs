using System.Text;
using Banyan.Wire.Tls;

namespace Banyan.Proxy.Tls;

/// <summary>Decides whether a peer is who its certificate says (SPIFFE X.509-SVID §5, RFC 5280 §6).</summary>
/// <remarks>
/// Names nobody: the identity is the one URI, host names do not matter. The chain has to end in an anchor of the trust domain
/// that the identity names. No network is used; what is revoked before its time is what the control plane says (<see cref="DeniedSerials"/>). Pure but for OpenSSL's objects.
/// </remarks>
internal static unsafe class PeerVerification
{
    /// <summary>Security bits of a leaf's key at least: P-256 has 128, RSA needs 3,072 bits.</summary>
    private const int LeafSecurityBits = 128;

    /// <summary>OpenSSL's level for the rest of the chain: 112 bits, no SHA-1.</summary>
    private const int ChainLevel = 2;

    // OpenSSL's numbers of errors (x509_vfy.h); they choose the alert.
    private const int UnknownIssuer = 2;
    private const int SignatureFailure = 7;
    private const int NotYetValid = 9;
    private const int HasExpired = 10;
    private const int SelfSignedLeaf = 18;
    private const int SelfSignedInChain = 19;
    private const int UnknownIssuerLocally = 20;
    private const int UnverifiableLeaf = 21;
    private const int Revoked = 23;
    private const int InvalidPurpose = 26;
    private const int Rejected = 28;
    private const int PermittedViolation = 47;
    private const int ExcludedViolation = 48;
    private const int UnsupportedConstraint = 51;
    private const int UnsupportedConstraintSyntax = 52;
    private const int UnsupportedNameSyntax = 53;
    private const int LeafKeyTooSmall = 66;
    private const int AuthorityKeyTooSmall = 67;
    private const int DigestTooWeak = 68;

    /// <summary>Judges the chain that a verification holds.</summary>
    internal static PeerVerdict Check(nint verification, in PeerTerms terms)
    {
        var leaf = OpenSsl.X509_STORE_CTX_get0_cert(verification);
        var identity = Identity(leaf, terms, out var anchors);
        if (!identity.IsGood)
        {
            return identity;
        }

        var form = Form(leaf, terms.IsServer, identity.Id);
        if (!form.IsGood)
        {
            return form;
        }

        OpenSsl.X509_STORE_CTX_set0_trusted_stack(verification, anchors);
        OpenSsl.X509_STORE_CTX_set_time(verification, 0, (nint)terms.Now);
        OpenSsl.X509_VERIFY_PARAM_set_auth_level(OpenSsl.X509_STORE_CTX_get0_param(verification), ChainLevel);
        if (OpenSsl.X509_verify_cert(verification) != 1)
        {
            return Broken(verification, identity.Id, terms.Now);
        }

        return Expected(leaf, identity, terms);
    }

    /// <summary>Judges again the certificate that a resumed session carries: what may have changed since the full handshake.</summary>
    internal static PeerVerdict CheckAgain(nint leaf, in PeerTerms terms)
    {
        var identity = Identity(leaf, terms, out _);
        if (!identity.IsGood)
        {
            return identity;
        }

        var time = Time(leaf, "the certificate of the resumed session", identity.Id, terms.Now);
        return time.IsGood ? Expected(leaf, identity, terms) : time;
    }

    /// <summary>Judges a chain outside of a connection: leaf first, in DER.</summary>
    /// <exception cref="TlsException">One of them is no certificate.</exception>
    internal static PeerVerdict CheckChain(IReadOnlyList<byte[]> chain, in PeerTerms terms)
    {
        var leaf = Certificate.Parse(chain[0], "the leaf");
        var untrusted = OpenSsl.OPENSSL_sk_new_null();
        var verification = OpenSsl.X509_STORE_CTX_new();
        try
        {
            for (var i = 1; i < chain.Count; i++)
            {
                _ = OpenSsl.OPENSSL_sk_push(untrusted, Certificate.Parse(chain[i], $"intermediate {i}"));
            }

            // As libssl prepares it for a handshake.
            _ = OpenSsl.X509_STORE_CTX_init(verification, 0, leaf, untrusted);
            fixed (byte* purpose = terms.IsServer ? "ssl_server\0"u8 : "ssl_client\0"u8)
            {
                _ = OpenSsl.X509_STORE_CTX_set_default(verification, purpose);
            }

            return Check(verification, terms);
        }
        finally
        {
            OpenSsl.X509_STORE_CTX_free(verification);
            for (var i = OpenSsl.OPENSSL_sk_num(untrusted) - 1; i >= 0; i--)
            {
                OpenSsl.X509_free(OpenSsl.OPENSSL_sk_value(untrusted, i));
            }

            OpenSsl.OPENSSL_sk_free(untrusted);
            OpenSsl.X509_free(leaf);
            OpenSsl.ERR_clear_error();
        }
    }

    private static PeerVerdict Identity(nint leaf, in PeerTerms terms, out nint anchors)
    {
        anchors = 0;
        var uris = Certificate.Uris(leaf, out var uri);
        if (uris == 0)
        {
            return No(TlsRefusal.NoUri, "its certificate names no URI, so it has no SPIFFE ID", "");
        }

        if (uris > 1)
        {
            return No(TlsRefusal.SeveralUris, $"its certificate names {uris} URIs instead of one SPIFFE ID", "");
        }

        if (!SpiffeId.TryRead(uri, out var domain))
        {
            var shown = Encoding.ASCII.GetString(uri.AsSpan(0, Math.Min(uri.Length, 256)));
            return No(TlsRefusal.BadSpiffeId, $"'{Printable(shown)}' is no SPIFFE ID of a workload", "");
        }

        var id = Encoding.ASCII.GetString(uri);
        anchors = terms.Anchors.Of(domain);
        return anchors == 0
            ? No(TlsRefusal.UnknownTrustDomain, $"{id} is of a trust domain without a bundle here", id, UnknownIssuerLocally)
            : new PeerVerdict(TlsRefusal.None, "", id, 0);
    }

    private static PeerVerdict Form(nint leaf, bool isServer, string id)
    {
        // Reading the flags parses the extensions that the others come from.
        var flags = OpenSsl.X509_get_extension_flags(leaf);
        if ((flags & OpenSsl.FlagInvalid) != 0)
        {
            return No(TlsRefusal.BadChain, $"the certificate of {id} has extensions that cannot be read", id);
        }

        if ((flags & OpenSsl.FlagCa) != 0)
        {
            return No(TlsRefusal.AuthorityAsLeaf, $"the certificate of {id} is that of an authority (CA:TRUE)", id);
        }

        var usage = OpenSsl.X509_get_key_usage(leaf);
        if (usage == OpenSsl.UsageAbsent || (usage & OpenSsl.UsageDigitalSignature) == 0)
        {
            return No(TlsRefusal.KeyUsage, $"the key usage of {id} does not allow signatures", id, InvalidPurpose);
        }

        if ((usage & (OpenSsl.UsageCertSign | OpenSsl.UsageCrlSign)) != 0)
        {
            return No(TlsRefusal.KeyUsage, $"the key usage of {id} is that of an authority", id, InvalidPurpose);
        }

        // Without the extension everything is allowed (X.509-SVID §4.4).
        var extended = OpenSsl.X509_get_extended_key_usage(leaf);
        if ((extended & (isServer ? OpenSsl.ExtendedServer : OpenSsl.ExtendedClient)) == 0)
        {
            var side = isServer ? "server" : "client";
            return No(
                TlsRefusal.ExtendedKeyUsage, $"the certificate of {id} is not for a TLS {side} (extended key usage)", id, InvalidPurpose);
        }

        return Key(leaf, id);
    }

    private static PeerVerdict Key(nint leaf, string id)
    {
        var key = OpenSsl.X509_get0_pubkey(leaf);
        var bits = key == 0 ? 0 : OpenSsl.EVP_PKEY_get_bits(key);
        if (key != 0 && OpenSsl.EVP_PKEY_get_security_bits(key) >= LeafSecurityBits)
        {
            return new PeerVerdict(TlsRefusal.None, "", id, 0);
        }

        var type = key == 0 ? 0 : OpenSsl.EVP_PKEY_get_base_id(key);
        var name = type switch { OpenSsl.KeyTypeRsa => "RSA", OpenSsl.KeyTypeEc => "EC", _ => "unknown" };
        return No(TlsRefusal.WeakKey, $"the key of {id} is too weak: {name}, {bits} bits", id, LeafKeyTooSmall);
    }

    private static PeerVerdict Time(nint certificate, string what, string id, long now)
    {
        var notBefore = Certificate.NotBefore(certificate);
        if (now < notBefore)
        {
            var reason = $"{what} of {id} is not valid before {Certificate.Text(notBefore)}; the clock here says {Certificate.Text(now)}";
            return No(TlsRefusal.NotYetValid, reason, id, NotYetValid);
        }

        var notAfter = Certificate.NotAfter(certificate);
        if (now >= notAfter)
        {
            var reason = $"{what} of {id} expired at {Certificate.Text(notAfter)}; the clock here says {Certificate.Text(now)}";
            return No(TlsRefusal.Expired, reason, id, HasExpired);
        }

        return new PeerVerdict(TlsRefusal.None, "", id, 0);
    }

    /// <summary>Of one that was good in all else; a good answer when it is not denied.</summary>
    internal static PeerVerdict Denied(nint leaf, in PeerVerdict identity, in PeerTerms terms) =>
        terms.Denied?.Contains(leaf) == true
            ? No(TlsRefusal.Denied, $"the certificate {Certificate.Serial(leaf)} of {identity.Id} is denied", identity.Id, Revoked)
            : identity;

    private static PeerVerdict Expected(nint leaf, in PeerVerdict identity, in PeerTerms terms)
    {
        if (Denied(leaf, identity, terms) is { IsGood: false } denied)
        {
            return denied;
        }

        if (terms.Expected is null || terms.Expected.Contains(identity.Id, StringComparer.Ordinal))
        {
            return identity;
        }

        return No(
            TlsRefusal.UnexpectedPeer, $"it is {identity.Id}; expected was {string.Join(" or ", terms.Expected)}", identity.Id);
    }

    private static PeerVerdict Broken(nint verification, string id, long now)
    {
        var error = OpenSsl.X509_STORE_CTX_get_error(verification);
        var depth = OpenSsl.X509_STORE_CTX_get_error_depth(verification);
        var what = depth == 0 ? "the certificate" : $"certificate {depth + 1} of the chain";
        var culprit = OpenSsl.X509_STORE_CTX_get_current_cert(verification);
        if (error is NotYetValid or HasExpired && culprit != 0)
        {
            var time = Time(culprit, what, id, now);
            return time.IsGood ? No(TlsRefusal.BadChain, $"{what} of {id} has no readable time", id, error) : time;
        }

        var text = OpenSslLibrary.Text(OpenSsl.X509_verify_cert_error_string(error));
        var refusal = error switch
        {
            UnknownIssuer or SelfSignedLeaf or SelfSignedInChain or UnknownIssuerLocally or UnverifiableLeaf
                => TlsRefusal.UntrustedChain,
            PermittedViolation or ExcludedViolation or UnsupportedConstraint or UnsupportedConstraintSyntax
                or UnsupportedNameSyntax => TlsRefusal.NameConstraint,
            LeafKeyTooSmall or AuthorityKeyTooSmall or DigestTooWeak => TlsRefusal.WeakKey,
            InvalidPurpose => TlsRefusal.ExtendedKeyUsage,
            _ => TlsRefusal.BadChain,
        };
        var reason = refusal == TlsRefusal.UntrustedChain || error == SignatureFailure
            ? $"the chain of {id} does not lead to an anchor of its trust domain: {text}"
            : $"{what} of {id}: {text}";
        return No(refusal, reason, id, error);
    }

    private static PeerVerdict No(TlsRefusal refusal, string reason, string id, int error = Rejected) =>
        new(refusal, reason, id, error);

    private static string Printable(string text) => string.Create(text.Length, text, static (to, from) =>
    {
        for (var i = 0; i < to.Length; i++)
        {
            to[i] = from[i] is < ' ' or > '~' ? '?' : from[i];
        }
    });
}
