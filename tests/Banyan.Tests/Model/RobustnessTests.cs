using System.Text;
using Banyan.Model;
using Banyan.Rules;
using Banyan.Testing;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>Damaged texts never throw, and what is read of them can always be checked, compiled and written.</summary>
public sealed class RobustnessTests(ITestOutputHelper output)
{
    private static readonly string[] Fragments =
    [
        "---\n", "- ", ": ", "{", "}", "[", "]", "\"", "'", "|\n", ">-\n", "&a ", "*a", "<<: ", "!!str ", "!x ", "# ", "\t", "\r\n", "\u2028", "\ud83d\ude00", "\ud800",
        "null", "true", "-1", "1e999", "0x1f", "99999999999999999999", "~", "%YAML 1.1\n", "? ", "...\n", "\0", "\ufeff", "kind: ", "spec: ", "weight: 0", "\\ud83d", "%", "\\",
    ];

    private static string[] Seeds =>
    [
        .. Directory.GetFiles(Repository.File("tests", "Banyan.Tests", "Model", "Texts")).Order(StringComparer.Ordinal).Select(File.ReadAllText),
        .. Directory.GetFiles(Repository.File("tests", "Banyan.Tests", "Model", "Golden"), "*.yaml").Order(StringComparer.Ordinal).Select(File.ReadAllText),
        .. Directory.GetFiles(Repository.File("tests", "Banyan.Tests", "Model", "Golden"), "*.yaml").Order(StringComparer.Ordinal)
            .SelectMany(f => Configs.Objects(File.ReadAllText(f))).Select(o => ObjectWriter.ToJson(o)),
    ];

    [Fact]
    public void DamagedTextsNeverThrow()
    {
        var random = new Random(20_24);
        var seeds = Seeds;
        for (var i = 0; i < 6_000; i++)
        {
            var text = Damage(seeds[random.Next(seeds.Length)], random);
            try
            {
                Exercise(text, i % 5 == 0 ? "f.json" : "f.yaml");
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"round {i}: {e}\n{text}");
            }
        }
    }

    [Fact]
    [Trait("Category", "Fuzz")]
    public void FuzzedTextsNeverThrow()
    {
        var seeds = Seeds;
        Fuzz.Run(output.WriteLine, random =>
        {
            var text = Damage(seeds[random.Next(seeds.Length)], random);
            try
            {
                Exercise(text, random.Next(5) == 0 ? "f.json" : "f.yaml");
            }
            catch (Exception error)
            {
                throw new InvalidDataException($"{error.Message}\n{text}", error);
            }
        });
    }

    [Theory]
    [InlineData("ports")]
    [InlineData("upstreams")]
    public void AnItemWithoutContentIsAMistake(string list)
    {
        var text = $"""
            apiVersion: banyan.dev/v1alpha1
            kind: Workload
            metadata: {"{"}name: payments-v1{"}"}
            spec:
              service: payments
              {list}:
              -
            """;
        Exercise(text, "f.yaml");
        Assert.NotEmpty(ConfigReader.Read("f.yaml", text).Problems);
    }

    [Fact]
    public void ArbitraryBytesNeverThrow()
    {
        var random = new Random(11);
        for (var i = 0; i < 3_000; i++)
        {
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            Exercise(Encoding.UTF8.GetString(bytes), "f.yaml");
            Exercise(Encoding.Latin1.GetString(bytes), "f.yaml");
            Exercise("{" + Encoding.Latin1.GetString(bytes), "f.json");
        }
    }

    [Theory]
    [InlineData("[", 200_000)]
    [InlineData("{", 200_000)]
    [InlineData("{a: ", 100_000)]
    [InlineData("- ", 100_000)]
    [InlineData("? ", 100_000)]
    [InlineData("\"", 100_001)]
    [InlineData("&a ", 100_000)]
    [InlineData("!!", 100_000)]
    [InlineData("a: ", 50_000)]
    [InlineData("---\n", 100_000)]
    [InlineData("%YAML 1.1\n", 10_000)]
    [InlineData("#\n", 100_000)]
    [InlineData("|\n", 100_000)]
    [InlineData("a,", 100_000)]
    [InlineData("{\"a\":", 100_000)]
    public void HostileRepetitionIsBounded(string piece, int times)
    {
        var text = string.Concat(Enumerable.Repeat(piece, times));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Exercise(text, "f.yaml");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
    }

    [Fact]
    public void WhatIsWrittenIsReadBack()
    {
        foreach (var text in Seeds)
        {
            foreach (var item in ConfigReader.Read("f.yaml", text).Objects)
            {
                RoundTrip(item);
            }
        }
    }

    private static void Exercise(string text, string path)
    {
        var result = ConfigReader.Read(path, text);
        foreach (var problem in result.Problems)
        {
            Assert.True(problem.Line > 0 && problem.Column > 0, problem.ToString());
            Assert.DoesNotContain(problem.ToString(), c => c is '\n' or '\r');
        }

        var good = result.Problems.Count == 0 && Validator.Check(result.Objects).Count == 0;
        var mesh = MeshCompiler.Compile(result.Objects, []);
        if (!good)
        {
            return;
        }

        foreach (var item in result.Objects)
        {
            RoundTrip(item);
        }

        foreach (var resource in mesh.Resources.Values.Where(r => r.TypeUrl == XdsTypes.RouteConfiguration))
        {
            Assert.True(RouteTable.TryCompile(RouteConfiguration.Parser.ParseFrom(resource.Any.Value), out _, out var error), error + "\n" + text);
        }
    }

    private static void RoundTrip(MeshObject item)
    {
        var yaml = ObjectWriter.ToYaml(item);
        var json = ObjectWriter.ToJson(item, indented: true);
        Assert.True(item.Equals(ConfigReader.Read("f.yaml", yaml).Objects.Single()), yaml);
        Assert.True(item.Equals(ConfigReader.Read("f.json", json).Objects.Single()), json);
    }

    private static string Damage(string text, Random random)
    {
        var damaged = new StringBuilder(text);
        for (var edits = random.Next(1, 5); edits > 0; edits--)
        {
            var at = random.Next(damaged.Length + 1);
            switch (random.Next(5))
            {
                case 0:
                    damaged.Insert(at, Fragments[random.Next(Fragments.Length)]);
                    break;
                case 1 when at < damaged.Length:
                    damaged.Remove(at, Math.Min(random.Next(1, 12), damaged.Length - at));
                    break;
                case 2 when at < damaged.Length:
                    damaged[at] = (char)random.Next(32, 127);
                    break;
                case 3 when at < damaged.Length:
                    damaged.Insert(random.Next(damaged.Length), damaged.ToString(at, Math.Min(random.Next(1, 60), damaged.Length - at)));
                    break;
                default:
                    damaged.Length = Math.Max(at, damaged.Length / 2);
                    break;
            }
        }

        return damaged.ToString();
    }
}
