using System.Text.Json.Nodes;
using Banyan.Model;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>The checked-in schemas are those of the tables. <c>BANYAN_GOLDEN=1</c> writes them anew.</summary>
public sealed class SchemaTests
{
    private static string Folder => Repository.File("docs", "reference", "schema");

    [Fact]
    public void TheSchemasAreCurrent()
    {
        foreach (var (file, text) in SchemaWriter.All())
        {
            var path = Path.Combine(Folder, file);
            if (Environment.GetEnvironmentVariable("BANYAN_GOLDEN") == "1")
            {
                Directory.CreateDirectory(Folder);
                File.WriteAllText(path, text);
            }

            Assert.True(File.Exists(path), $"{path} is missing; run with BANYAN_GOLDEN=1");
            Assert.Equal(File.ReadAllText(path), text);
        }

        Assert.Equal(
            SchemaWriter.All().Select(s => s.File).Order(StringComparer.Ordinal),
            Directory.GetFiles(Folder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void DefaultsAndBoundsAreThoseOfTheReader()
    {
        var workload = JsonNode.Parse(SchemaWriter.All().Single(s => s.File == "workload.json").Text)!["properties"]!["spec"]!["properties"]!;
        Assert.Equal("standard", (string?)workload["tier"]!["default"]);
        Assert.Equal(["critical", "standard", "batch"], workload["tier"]!["enum"]!.AsArray().Select(n => (string?)n));
        Assert.Equal(65535, (int?)workload["ports"]!["items"]!["properties"]!["port"]!["maximum"]);
        Assert.False((bool?)workload["run"]!["additionalProperties"]);
        Assert.Equal("30s", (string?)workload["run"]!["properties"]!["readiness"]!["properties"]!["timeout"]!["default"]);
    }
}
