using Banyan.Rules;
using Banyan.Xds;
using Google.Protobuf;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>Reads a RouteConfiguration.</summary>
internal static class RouteResource
{
    public static RouteTable? Read(string name, ByteString bytes, Problems problems)
    {
        var configuration = RouteConfiguration.Parser.ParseFrom(bytes);
        problems.AddIf(configuration.Name != name, "name", $"\"{configuration.Name}\" is not the resource's name");
        return Compile(configuration, "", problems);
    }

    /// <summary>Compiles; <paramref name="at"/> is put before the problems.</summary>
    public static RouteTable? Compile(RouteConfiguration configuration, string at, Problems problems)
    {
        if (RouteTable.TryCompile(configuration, out var table, out var error))
        {
            return table;
        }

        problems.Add(at.Length == 0 ? "routes" : at, error);
        return null;
    }
}
