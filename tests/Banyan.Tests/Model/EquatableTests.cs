using System.Text.Json;
using Banyan.Model;
using Xunit;

namespace Banyan.Tests.Model;

public sealed class EquatableTests
{
    [Fact]
    public void ListsCompareByElements()
    {
        EquatableList<string> a = ["x", "y"];
        EquatableList<string> b = ["x", "y"];
        EquatableList<string> c = ["y", "x"];
        Assert.Equal(a, b);
        Assert.Equal(a.GetHashCode(), b.GetHashCode());
        Assert.False(a.Equals(c));
        Assert.False(a.Equals(null));
        Assert.True(EquatableList<string>.Empty.Equals([]));
        Assert.Equal(new WorkloadSpec { Addresses = ["1"] }, new WorkloadSpec { Addresses = ["1"] });
        Assert.NotEqual(new WorkloadSpec { Addresses = ["1"] }, new WorkloadSpec { Addresses = ["2"] });
    }

    [Fact]
    public void MapsCompareByEntriesInAnyOrder()
    {
        var a = new EquatableMap([new("x", "1"), new("y", "2")]);
        var b = new EquatableMap([new("y", "2"), new("x", "1")]);
        Assert.Equal(a, b);
        Assert.Equal(a.GetHashCode(), b.GetHashCode());
        Assert.False(a.Equals(EquatableMap.Empty));
    }

    [Fact]
    public void ObjectsCompareWithoutTheirOrigin()
    {
        const string Text = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}]}\n";
        Assert.Equal(Configs.Objects(Text, "a.yaml")[0], Configs.Objects("# moved\n" + Text, "b.yaml")[0]);
    }

    [Fact]
    public void AnInstanceSurvivesJson()
    {
        var instance = Configs.Instance("shop", 2, 20000, "shop", "payments") with
        {
            State = InstanceState.Draining,
            Upstreams = [new InstanceUpstream { Service = "a.b", Port = 5, Local = "127.0.0.1:1" }],
            Admin = "/x.sock",
            Pid = 7,
        };
        var json = instance.ToJson();
        Assert.Contains("\"state\":\"draining\"", json, StringComparison.Ordinal);
        Assert.True(WorkloadInstance.TryParse(json, out var read, out var error), error);
        Assert.Equal(instance, read);

        // Any web API's options do as well.
        Assert.Equal(instance, JsonSerializer.Deserialize<WorkloadInstance>(json, JsonSerializerOptions.Web));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"ports\":7}")]
    [InlineData("{\"state\":\"asleep\"}")]
    public void BadInstanceJsonIsAnError(string json)
    {
        Assert.False(WorkloadInstance.TryParse(json, out _, out var error));
        Assert.NotEmpty(error);
    }
}
