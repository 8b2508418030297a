namespace Banyan.Proxy.Tls;

/// <summary>What OpenSSL's queue of errors says about a connection.</summary>
/// <param name="Refusal">The reason; <see cref="TlsRefusal.None"/> when the queue is empty.</param>
/// <param name="Reason">The same in OpenSSL's words.</param>
internal readonly record struct OpenSslFailure(TlsRefusal Refusal, string Reason)
{
    private const int LibraryShift = 23;
    private const int LibrarySsl = 20;

    // Reasons of libssl (sslerr.h).
    private const int BadSignature = 123;
    private const int TooManyKeyUpdates = 132;
    private const int HttpsProxyRequest = 155;
    private const int HttpRequest = 156;
    private const int NoProtocols = 191;
    private const int PacketTooLong = 198;
    private const int NoPeerCertificate = 199;
    private const int NoApplicationProtocol = 235;
    private const int UnsupportedProtocol = 258;
    private const int WrongVersionNumber = 267;
    private const int UnexpectedEnd = 294;
    private const int VersionTooLow = 396;
    private const int FirstAlert = 1000;
    private const int LastAlert = 1255;

    /// <summary>Empties this thread's queue; the oldest error of libssl itself counts, else the oldest.</summary>
    internal static OpenSslFailure Take()
    {
        nuint chosen = 0;
        for (var error = OpenSsl.ERR_get_error(); error != 0; error = OpenSsl.ERR_get_error())
        {
            if (chosen == 0 || (IsSsl(error) && !IsSsl(chosen)))
            {
                chosen = error;
            }
        }

        return chosen == 0 ? default : Of(chosen);
    }

    private static bool IsSsl(nuint error) => ((int)(error >> LibraryShift) & 0xFF) == LibrarySsl;

    private static OpenSslFailure Of(nuint error)
    {
        var text = OpenSslLibrary.Text(error);
        if (!IsSsl(error))
        {
            return new OpenSslFailure(TlsRefusal.Malformed, text);
        }

        return OpenSslLibrary.Reason(error) switch
        {
            NoPeerCertificate => new(TlsRefusal.NoCertificate, "the client showed no certificate"),
            UnsupportedProtocol or VersionTooLow or NoProtocols => new(TlsRefusal.Version, $"TLS 1.3 is required: {text}"),
            NoApplicationProtocol => new(
                TlsRefusal.Protocol, "the client offers no application protocol that is spoken here (ALPN)"),
            BadSignature => new(TlsRefusal.BadSignature, "the peer does not have the key of its certificate: bad signature"),
            HttpRequest or HttpsProxyRequest => new(TlsRefusal.NotTls, "plaintext HTTP came instead of TLS"),
            WrongVersionNumber or PacketTooLong => new(TlsRefusal.NotTls, $"what came is not TLS: {text}"),
            TooManyKeyUpdates => new(TlsRefusal.Flood, text),
            UnexpectedEnd => default,
            >= FirstAlert and <= LastAlert => new(TlsRefusal.RefusedByPeer, $"the peer refused: {text}"),
            _ => new(TlsRefusal.Malformed, text),
        };
    }
}
