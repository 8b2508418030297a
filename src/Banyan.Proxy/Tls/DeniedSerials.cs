using System.Collections.Frozen;

namespace Banyan.Proxy.Tls;

/// <summary>The certificates that prove nothing although their time is not over. Thread-safe.</summary>
internal sealed class DeniedSerials
{
    private volatile FrozenSet<string> _serials = [];

    /// <summary>Serials as <see cref="Certificate.Serial"/> writes them.</summary>
    public IReadOnlyCollection<string> All => _serials;

    /// <summary>Whether a certificate is among them.</summary>
    public bool Contains(string serial) => _serials.Contains(serial);

    /// <summary>Whether a certificate is among them.</summary>
    public bool Contains(nint certificate) => _serials is { Count: > 0 } serials && serials.Contains(Certificate.Serial(certificate));

    /// <summary>Takes another list; false when it is the same.</summary>
    public bool Replace(IReadOnlyCollection<string> serials)
    {
        if (_serials.SetEquals(serials))
        {
            return false;
        }

        _serials = serials.ToFrozenSet(StringComparer.Ordinal);
        return true;
    }
}
