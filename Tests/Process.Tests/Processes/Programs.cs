using System.Reflection;

namespace Quorleans.Processes.Tests.Processes;

/// <summary>Where the built executables lie.</summary>
internal static class Programs
{
    public static string Silo { get; } = Find("Quorleans.Silo");

    public static string Client { get; } = Find("Quorleans.Client");

    private static string Find(string name)
    {
        string assembly = typeof(Programs).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == $"Program:{name}").Value!;
        string executable = Path.ChangeExtension(assembly, OperatingSystem.IsWindows() ? ".exe" : null);
        return File.Exists(executable) ? executable : throw new FileNotFoundException($"{name} is not built.", executable);
    }
}
