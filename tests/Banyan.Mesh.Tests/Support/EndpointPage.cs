using System.Text.Json;

namespace Banyan.Mesh.Tests.Support;

/// <summary>What a proxy tells about endpoints: GET /clusters of its admin listener.</summary>
internal static class EndpointPage
{
    /// <summary>The first endpoint of a service in the namespace "default".</summary>
    public static async Task<JsonElement> FirstAsync(HttpClient admin, string service)
    {
        using var page = JsonDocument.Parse(await admin.GetStringAsync("/clusters"));
        var cluster = page.RootElement.GetProperty("clusters").EnumerateArray()
            .Single(cluster => cluster.GetProperty("name").GetString() == $"{service}.default:80");
        return cluster.GetProperty("endpoints")[0].Clone();
    }
}
