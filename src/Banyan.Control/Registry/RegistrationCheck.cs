using System.Net;
using Banyan.Model;

namespace Banyan.Control.Registry;

/// <summary>What is wrong with a registration. Pure.</summary>
internal static class RegistrationCheck
{
    private const double MaxTtl = 86_400;
    private const int MaxLabel = 63;

    private static readonly string[] Protocols = ["auto", "http", "http2", "grpc", "tcp", "tls"];
    private static readonly string[] Tiers = ["standard", "critical", "batch"];

    /// <summary>Every mistake, with its field.</summary>
    public static IEnumerable<Problem> Check(Registration item)
    {
        if (!IsLabel(item.Namespace))
        {
            yield return Wrong("namespace", $"\"{item.Namespace}\" is no namespace");
        }

        if (!IsLabel(item.Service))
        {
            yield return Wrong(
                "service", $"\"{item.Service}\" is no name: lower-case letters, digits and - , at most 63 characters");
        }

        if (item.Version.Length > 0 && !IsLabel(item.Version))
        {
            yield return Wrong("version", $"\"{item.Version}\" is no name of a version");
        }
        else if (item.Service.Length + 1 + item.Version.Length > MaxLabel)
        {
            yield return Wrong("version", $"{item.Service}-{item.Version} is longer than {MaxLabel} characters");
        }

        if (!IPEndPoint.TryParse(item.Address, out var address) || address.Port == 0)
        {
            yield return Wrong("address", $"\"{item.Address}\" is not IP:PORT");
        }
        else if (address.Address.Equals(IPAddress.Any) || address.Address.Equals(IPAddress.IPv6Any)
            || address.Address.IsIPv6Multicast)
        {
            yield return Wrong("address", $"{address.Address} is no address that callers can connect to");
        }

        if (item.Port is < 1 or > 65535)
        {
            yield return Wrong("port", $"{item.Port} is not between 1 and 65535");
        }

        if (!Protocols.Contains(item.Protocol, StringComparer.Ordinal))
        {
            yield return Wrong("protocol", $"\"{item.Protocol}\" is not one of {string.Join(", ", Protocols)}");
        }

        if (item.Tier.Length > 0 && !Tiers.Contains(item.Tier, StringComparer.Ordinal))
        {
            yield return Wrong("tier", $"\"{item.Tier}\" is not one of {string.Join(", ", Tiers)}");
        }

        if (item.Ttl is < 0 or > MaxTtl or double.NaN || item.Ttl is > 0 and < 1)
        {
            yield return Wrong("ttl", $"{item.Ttl} is not between 1 and {MaxTtl} seconds");
        }

        foreach (var problem in item.Health is { } health ? Check(health) : [])
        {
            yield return problem;
        }

        if (item.Owner.Length > 200 || item.Owner.Any(char.IsControl))
        {
            yield return Wrong("owner", "is longer than 200 characters, or not printable");
        }
    }

    private static IEnumerable<Problem> Check(RegistrationHealth health)
    {
        const int MostInARow = 100, LongestText = 1024;
        var kinds = (health.Http.Length > 0 ? 1 : 0) + (health.Tcp ? 1 : 0) + (health.Grpc is null ? 0 : 1);
        if (kinds != 1)
        {
            yield return Wrong("health", "needs exactly one of http, tcp and grpc");
        }

        if (health.Http.Length > 0
            && (health.Http[0] != '/' || health.Http.Length > LongestText
                || health.Http.Any(each => each is <= ' ' or > '~')))
        {
            yield return Wrong("health.http", $"\"{health.Http}\" is no path: it begins with / and holds no spaces");
        }

        if (health.Grpc is { } service && (service.Length > LongestText || service.Any(char.IsControl)))
        {
            yield return Wrong("health.grpc", $"is longer than {LongestText} characters, or not printable");
        }

        if (!(health.Interval is >= 0.1 and <= 3600))
        {
            yield return Wrong("health.interval", $"{health.Interval} is not between 0.1 and 3600 seconds");
        }

        if (!(health.Timeout is >= 0.1 and <= 60))
        {
            yield return Wrong("health.timeout", $"{health.Timeout} is not between 0.1 and 60 seconds");
        }

        if (health.UnhealthyAfter is < 1 or > MostInARow)
        {
            yield return Wrong("health.unhealthyAfter", $"{health.UnhealthyAfter} is not between 1 and {MostInARow}");
        }

        if (health.HealthyAfter is < 1 or > MostInARow)
        {
            yield return Wrong("health.healthyAfter", $"{health.HealthyAfter} is not between 1 and {MostInARow}");
        }
    }

    private static bool IsLabel(string text) => text.Length is > 0 and <= MaxLabel
        && text.All(each => each is >= 'a' and <= 'z' or >= '0' and <= '9' or '-') && text[0] != '-' && text[^1] != '-';

    private static Problem Wrong(string field, string message) => new("", 0, 0, field, message);
}
