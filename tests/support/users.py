"""Users of a deployment who come and go, hours in which they do not, and the metrics that show it."""

from datetime import timedelta


async def use(life, requests_per_second):
    id_ = life.status.external_id
    await life.world.control(
        "PATCH", f"/deployments/paitient/{id_}", {"behaviour": {"direct_rps": requests_per_second}}
    )


async def knobs(life, **values):
    await life.world.control("PATCH", "/knobs", {"metrics": values})


async def hours(life, count):
    """Passes when they ask for one, as the engine's queue has it; every five minutes at least."""
    await until(life, life.now + timedelta(hours=count), lambda: False)


async def until(life, end, is_so):
    wait = timedelta()
    while life.now < end and not is_so():
        most = min(300.0, (end - life.now).total_seconds())
        await life.wait(min(max(wait.total_seconds(), 1.0), most))
        await life.poll()
        wait = await life.work() or timedelta(hours=1)


async def most(life):
    remote = await life.provider.get(life.status.external_id)
    return remote.fields.get("autoscaling", remote.fields.get("replicas"))
