using Npgsql;

namespace Banyan.Control.Store.Persistence;

/// <summary>Reads <c>postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…</c>. Pure.</summary>
internal static class PostgresAddress
{
    /// <summary>What messages show of an address: nothing secret.</summary>
    public static string NameOf(NpgsqlConnectionStringBuilder settings) =>
        $"postgres://{settings.Username}@{settings.Host}:{settings.Port}/{settings.Database}";

    /// <summary>Whether a store's address means PostgreSQL.</summary>
    public static bool IsAddress(string text) =>
        text.StartsWith("postgres://", StringComparison.Ordinal)
        || text.StartsWith("postgresql://", StringComparison.Ordinal);

    /// <summary>Settings for a connection. Without a password, PGPASSWORD and the password file count.</summary>
    /// <exception cref="ControlPlaneException">It is no such address. The message does not repeat it.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        if (!IsAddress(text) || !Uri.TryCreate(text, UriKind.Absolute, out var address))
        {
            throw new ControlPlaneException(
                "the store's address is not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE");
        }

        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = address.Host.Length > 0 ? address.Host.Trim('[', ']') : "localhost",
            Port = address.Port > 0 ? address.Port : NpgsqlConnection.DefaultPort,
        };
        var user = address.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
        {
            settings.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length > 1)
        {
            settings.Password = Uri.UnescapeDataString(user[1]);
        }

        var database = Uri.UnescapeDataString(address.AbsolutePath.TrimStart('/'));
        settings.Database = database.Length > 0 ? database : settings.Username ?? "banyan";
        foreach (var part in address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            Set(settings, part.Split('=', 2));
        }

        return settings;
    }

    private static void Set(NpgsqlConnectionStringBuilder settings, string[] pair)
    {
        var value = pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : "";
        switch (pair[0])
        {
            case "sslmode" when Enum.TryParse<SslMode>(
                value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var mode):
                settings.SslMode = mode;
                break;
            case "sslrootcert":
                settings.RootCertificate = value;
                break;
            case "host":
                settings.Host = value;
                break;
            default:
                throw new ControlPlaneException(
                    $"the store's address: {pair[0]} is not understood; sslmode, sslrootcert and host are");
        }
    }
}
