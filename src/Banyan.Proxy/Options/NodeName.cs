using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Banyan.Proxy.Options;

/// <summary>Who this proxy is: <c>NAMESPACE/WORKLOAD/REPLICA</c>.</summary>
/// <param name="Namespace">Namespace of the workload.</param>
/// <param name="Workload">Name of the workload.</param>
/// <param name="Replica">Number of the replica.</param>
public sealed record NodeName(string Namespace, string Workload, int Replica)
{
    /// <summary>Reads <c>NAMESPACE/WORKLOAD/REPLICA</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out NodeName? node)
    {
        node = null;
        var parts = text.Split('/');
        if (parts.Length != 3
            || !IsLabel(parts[0])
            || !IsLabel(parts[1])
            || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var replica))
        {
            return false;
        }

        node = new NodeName(parts[0], parts[1], replica);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Namespace}/{Workload}/{Replica}");

    /// <summary>Whether it can be the name of something in a mesh.</summary>
    internal static bool IsLabel(string text) =>
        text.Length is > 0 and <= 253 && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');
}
